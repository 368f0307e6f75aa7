// Replaces ranges in bulk in RocksDB as its users do: writes a table file per span from the source's entries,
// deletes the old files and ranges, and ingests the files in one call. ../driver.mjs runs the commands. With
// the variable READY_TABLES the table files are written once, before the first round, and each round ingests
// links to them: the time of RocksDB if its tables exist already.
//
// Settings: level compaction on both cores, bloom filters, snappy; table files are moved, not copied, and no
// sequence number is written into them; range tombstones and every write of the MANIFEST are synced.
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/version.h>
#include <rocksdb/write_batch.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using Entry = std::pair<std::string, std::string>;

static void check(const rocksdb::Status& status, const char* what) {
  if (status.ok()) return;
  std::cerr << "rocksdb: " << what << ": " << status.ToString() << "\n";
  std::exit(1);
}

static double nowMs() {
  const auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(time).count();
}

static bool readPart(std::istream& file, std::string& part) {
  uint32_t length;
  if (!file.read(reinterpret_cast<char*>(&length), 4)) return false;
  part.resize(length);
  return bool(file.read(part.data(), length));
}

static bool readEntry(std::istream& file, Entry& entry) {
  return readPart(file, entry.first) && readPart(file, entry.second);
}

static rocksdb::Options makeOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.IncreaseParallelism(std::max(2U, std::thread::hardware_concurrency()));
  options.OptimizeLevelStyleCompaction(256 << 20);
  for (auto& type : options.compression_per_level) type = rocksdb::kSnappyCompression;
  options.compression = rocksdb::kSnappyCompression;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_cache = rocksdb::NewLRUCache(256 << 20);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

static std::unique_ptr<rocksdb::DB> openDatabase(const std::string& directory) {
  rocksdb::DB* database;
  check(rocksdb::DB::Open(makeOptions(), directory, &database), "open");
  return std::unique_ptr<rocksdb::DB>(database);
}

static void load(const std::string& directory, const std::string& path) {
  const double start = nowMs();
  auto database = openDatabase(directory);
  std::ifstream file(path, std::ios::binary);
  rocksdb::WriteBatch batch;
  Entry entry;
  while (readEntry(file, entry)) {
    check(batch.Put(entry.first, entry.second), "batch");
    if (batch.Count() < 2048) continue;
    check(database->Write({}, &batch), "write");
    batch.Clear();
  }
  check(database->Write({}, &batch), "write");
  check(database->Flush({}), "flush");
  check(database->CompactRange({}, nullptr, nullptr), "compact");
  check(database->Close(), "close");
  std::printf("{\"loadMs\":%.3f}\n", nowMs() - start);
}

/** Writes the entries of a span to a table file; returns whether there were any. */
static bool buildTable(rocksdb::DB& source, const Entry& span, const std::string& path) {
  rocksdb::ReadOptions reading;
  const rocksdb::Slice end(span.second);
  reading.iterate_upper_bound = &end;
  reading.readahead_size = 2 << 20;
  std::unique_ptr<rocksdb::Iterator> iterator(source.NewIterator(reading));
  iterator->Seek(span.first);
  if (!iterator->Valid()) {
    check(iterator->status(), "iterate");
    return false;
  }
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), makeOptions());
  check(writer.Open(path), "open table");
  for (; iterator->Valid(); iterator->Next()) {
    check(writer.Put(iterator->key(), iterator->value()), "put");
  }
  check(iterator->status(), "iterate");
  check(writer.Finish(), "finish table");
  return true;
}

/** Writes a table file for each span in which the source holds entries; returns their paths. */
static std::vector<std::string> buildTables(rocksdb::DB& source, const std::vector<Entry>& spans,
                                            const std::string& prefix) {
  std::vector<std::string> tables;
  for (size_t i = 0; i < spans.size(); i++) {
    const std::string path = prefix + std::to_string(i) + ".sst";
    if (buildTable(source, spans[i], path)) tables.push_back(path);
  }
  return tables;
}

static void replaceBy(rocksdb::DB& base, const std::vector<std::string>& tables,
                      const std::vector<Entry>& spans) {
  std::vector<rocksdb::Slice> bounds;
  bounds.reserve(spans.size() * 2);
  std::vector<rocksdb::RangePtr> ranges;
  rocksdb::WriteBatch deletions;
  for (const auto& [start, end] : spans) {
    bounds.emplace_back(start);
    bounds.emplace_back(end);
    ranges.emplace_back(&bounds[bounds.size() - 2], &bounds[bounds.size() - 1]);
    check(deletions.DeleteRange(start, end), "delete range");
  }
  rocksdb::ColumnFamilyHandle* family = base.DefaultColumnFamily();
  check(rocksdb::DeleteFilesInRanges(&base, family, ranges.data(), ranges.size(), false), "delete");
  rocksdb::WriteOptions synced;
  synced.sync = true;
  check(base.Write(synced, &deletions), "delete ranges");
  rocksdb::IngestExternalFileOptions ingesting;
  ingesting.move_files = true;
  ingesting.write_global_seqno = false;
  if (!tables.empty()) check(base.IngestExternalFile(tables, ingesting), "ingest");
}

/** A source, and its table files if they are written before the rounds. */
struct Source {
  std::unique_ptr<rocksdb::DB> database;
  std::vector<std::string> ready;
};

static Source openSource(const std::string& directory, const std::vector<Entry>& spans) {
  Source source{openDatabase(directory), {}};
  if (std::getenv("READY_TABLES") == nullptr) return source;
  const std::string ready = directory + "-ready";
  std::filesystem::create_directory(ready);
  source.ready = buildTables(*source.database, spans, ready + "/");
  return source;
}

/** Ingesting moves a file, so each round has its own links. */
static std::vector<std::string> linksTo(const std::vector<std::string>& tables,
                                        const std::string& prefix) {
  std::vector<std::string> links;
  for (const std::string& table : tables) {
    links.push_back(prefix + std::filesystem::path(table).filename().string());
    std::filesystem::create_hard_link(table, links.back());
  }
  return links;
}

static void replace(const std::string& firstDirectory, const std::string& secondDirectory,
                    const std::string& spansPath) {
  std::vector<Entry> spans;
  std::ifstream file(spansPath, std::ios::binary);
  for (Entry span; readEntry(file, span);) spans.push_back(span);
  const Source sources[] = {openSource(firstDirectory, spans), openSource(secondDirectory, spans)};
  for (std::string baseDirectory; std::getline(std::cin, baseDirectory);) {
    auto base = openDatabase(baseDirectory);
    double tookMs[2];
    for (int i = 0; i < 2; i++) {
      const std::string prefix = baseDirectory + "/incoming-" + std::to_string(i) + "-";
      std::vector<std::string> tables = linksTo(sources[i].ready, prefix);
      const double start = nowMs();
      if (tables.empty()) tables = buildTables(*sources[i].database, spans, prefix);
      replaceBy(*base, tables, spans);
      tookMs[i] = nowMs() - start;
    }
    const double closing = nowMs();
    check(base->Close(), "close");
    base.reset();
    std::printf("{\"replaceMs\":%.3f,\"againMs\":%.3f,\"closeMs\":%.3f}\n", tookMs[0], tookMs[1],
                nowMs() - closing);
    std::fflush(stdout);
  }
}

static void printPart(const rocksdb::Slice& part) {
  const uint32_t length = part.size();
  std::fwrite(&length, 4, 1, stdout);
  std::fwrite(part.data(), 1, length, stdout);
}

static void dump(const std::string& directory) {
  auto database = openDatabase(directory);
  std::unique_ptr<rocksdb::Iterator> iterator(database->NewIterator({}));
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    printPart(iterator->key());
    printPart(iterator->value());
  }
  check(iterator->status(), "iterate");
}

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 3 && words[0] == "load") load(words[1], words[2]);
  else if (words.size() == 4 && words[0] == "replace") replace(words[1], words[2], words[3]);
  else if (words.size() == 2 && words[0] == "dump") dump(words[1]);
  else if (words.size() == 1 && words[0] == "version") {
    std::cout << rocksdb::GetRocksVersionAsString() << "\n";
  } else {
    std::cerr << "rocksdb: load DIRECTORY FILE, replace DIRECTORY DIRECTORY FILE, dump DIRECTORY, version\n";
    return 1;
  }
  return 0;
}
