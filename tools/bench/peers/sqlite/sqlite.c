// Replaces a range in SQLite as its users do: in one transaction, deletes it and inserts the new rows by a
// SELECT from attached databases. ../driver.mjs runs the commands.
//
// Settings: a WITHOUT ROWID table, WAL, synchronous=FULL (the WAL is synced at commit), a cache of 256 MiB,
// memory-mapped reads, prepared statements.
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define PATH_BYTES 4096
#define MAX_SPANS 64

typedef struct {
  uint8_t *key, *value;
  uint32_t key_length, value_length;
} Entry;

static void fail(const char *what, const char *why) {
  fprintf(stderr, "sqlite: %s: %s\n", what, why);
  exit(1);
}

static void check(sqlite3 *database, int code, const char *what) {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
    fail(what, sqlite3_errmsg(database));
  }
}

static void run(sqlite3 *database, const char *sql) {
  check(database, sqlite3_exec(database, sql, NULL, NULL, NULL), sql);
}

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static int read_part(FILE *file, uint8_t **part, uint32_t *length) {
  if (fread(length, 4, 1, file) != 1) return 0;
  *part = malloc(*length + 1);
  if (fread(*part, 1, *length, file) != *length) fail("read", "the file ends within an entry");
  return 1;
}

static int read_entry(FILE *file, Entry *entry) {
  if (!read_part(file, &entry->key, &entry->key_length)) return 0;
  if (!read_part(file, &entry->value, &entry->value_length)) fail("read", "a key without a value");
  return 1;
}

static sqlite3 *open_database(const char *directory) {
  char path[PATH_BYTES];
  sqlite3 *database;
  mkdir(directory, 0777);
  snprintf(path, sizeof path, "%s/database.sqlite", directory);
  if (sqlite3_open(path, &database) != SQLITE_OK) fail(path, sqlite3_errmsg(database));
  run(database, "PRAGMA journal_mode=WAL");
  run(database, "PRAGMA synchronous=FULL");
  run(database, "PRAGMA cache_size=-262144");
  run(database, "PRAGMA mmap_size=2147418112");
  run(database, "PRAGMA temp_store=MEMORY");
  run(database, "CREATE TABLE IF NOT EXISTS kv (k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID");
  return database;
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql) {
  sqlite3_stmt *statement;
  check(database, sqlite3_prepare_v2(database, sql, -1, &statement, NULL), sql);
  return statement;
}

static void step_with(sqlite3 *database, sqlite3_stmt *statement, const Entry *entry) {
  sqlite3_bind_blob(statement, 1, entry->key, (int)entry->key_length, SQLITE_STATIC);
  sqlite3_bind_blob(statement, 2, entry->value, (int)entry->value_length, SQLITE_STATIC);
  check(database, sqlite3_step(statement), "step");
  sqlite3_reset(statement);
}

static FILE *open_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail(path, "cannot be read");
  return file;
}

static void load(const char *directory, const char *path) {
  double start = now_ms();
  sqlite3 *database = open_database(directory);
  FILE *file = open_file(path);
  Entry entry;
  run(database, "BEGIN");
  sqlite3_stmt *insert = prepare(database, "INSERT INTO kv VALUES (?, ?)");
  while (read_entry(file, &entry)) {
    step_with(database, insert, &entry);
    free(entry.key);
    free(entry.value);
  }
  sqlite3_finalize(insert);
  run(database, "COMMIT");
  fclose(file);
  sqlite3_close(database);
  printf("{\"loadMs\":%.3f}\n", now_ms() - start);
}

static void attach(sqlite3 *database, const char *directory, const char *name) {
  char sql[PATH_BYTES * 2];
  snprintf(sql, sizeof sql, "ATTACH '%s/database.sqlite' AS %s", directory, name);
  run(database, sql);
  snprintf(sql, sizeof sql, "PRAGMA %s.cache_size=-262144", name);
  run(database, sql);
  snprintf(sql, sizeof sql, "PRAGMA %s.mmap_size=2147418112", name);
  run(database, sql);
}

static void replace_spans(sqlite3 *database, sqlite3_stmt *delete, sqlite3_stmt *insert,
                          const Entry *spans, int count) {
  run(database, "BEGIN IMMEDIATE");
  for (int i = 0; i < count; i++) {
    step_with(database, delete, &spans[i]);
    step_with(database, insert, &spans[i]);
  }
  run(database, "COMMIT");
}

static void replace(const char *first_directory, const char *second_directory,
                    const char *spans_path) {
  Entry spans[MAX_SPANS];
  int count = 0;
  FILE *file = open_file(spans_path);
  while (count < MAX_SPANS && read_entry(file, &spans[count])) count++;
  fclose(file);
  char base_directory[PATH_BYTES];
  while (fgets(base_directory, sizeof base_directory, stdin) != NULL) {
    base_directory[strcspn(base_directory, "\n")] = 0;
    sqlite3 *database = open_database(base_directory);
    attach(database, first_directory, "first");
    attach(database, second_directory, "second");
    sqlite3_stmt *delete = prepare(database, "DELETE FROM main.kv WHERE k >= ? AND k < ?");
    sqlite3_stmt *insert_first = prepare(
        database, "INSERT INTO main.kv SELECT k, v FROM first.kv WHERE k >= ? AND k < ?");
    sqlite3_stmt *insert_second = prepare(
        database, "INSERT INTO main.kv SELECT k, v FROM second.kv WHERE k >= ? AND k < ?");
    double start = now_ms();
    replace_spans(database, delete, insert_first, spans, count);
    double replaced = now_ms();
    replace_spans(database, delete, insert_second, spans, count);
    double replaced_again = now_ms();
    sqlite3_finalize(delete);
    sqlite3_finalize(insert_first);
    sqlite3_finalize(insert_second);
    sqlite3_close(database);
    printf("{\"replaceMs\":%.3f,\"againMs\":%.3f,\"closeMs\":%.3f}\n", replaced - start,
           replaced_again - replaced, now_ms() - replaced_again);
    fflush(stdout);
  }
}

static void print_part(sqlite3_stmt *select, int column) {
  uint32_t length = (uint32_t)sqlite3_column_bytes(select, column);
  fwrite(&length, 4, 1, stdout);
  fwrite(sqlite3_column_blob(select, column), 1, length, stdout);
}

static void dump(const char *directory) {
  sqlite3 *database = open_database(directory);
  sqlite3_stmt *select = prepare(database, "SELECT k, v FROM kv ORDER BY k");
  while (sqlite3_step(select) == SQLITE_ROW) {
    print_part(select, 0);
    print_part(select, 1);
  }
  sqlite3_finalize(select);
  sqlite3_close(database);
}

int main(int argc, char **argv) {
  if (argc > 3 && strcmp(argv[1], "load") == 0) load(argv[2], argv[3]);
  else if (argc > 4 && strcmp(argv[1], "replace") == 0) replace(argv[2], argv[3], argv[4]);
  else if (argc > 2 && strcmp(argv[1], "dump") == 0) dump(argv[2]);
  else if (argc > 1 && strcmp(argv[1], "version") == 0) puts(sqlite3_libversion());
  else fail("arguments", "load DIRECTORY FILE, replace DIRECTORY DIRECTORY FILE, dump DIRECTORY, version");
  return 0;
}
