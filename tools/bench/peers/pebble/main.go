// Replaces a sync in Pebble as ConductorOne's baton-sdk does: writes a table file per bucket from the source's
// entries, then calls IngestAndExcise, which takes one span per call. ../driver.mjs runs the commands. With the
// variable READY_TABLES the table files are written once, before the first round, and each round ingests links
// to them: the time of Pebble if its tables exist already.
//
// Settings are baton-sdk's (memtable 64 MiB, cache 256 MiB, blocks of 4 KiB in the files), except that entries
// are not copied between iterator and writer.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	format       = pebble.FormatNewest
	batchEntries = 2048
)

type entry struct{ key, value []byte }

type silent struct{}

func (silent) Infof(string, ...any)              {}
func (silent) Errorf(format string, args ...any) { log.Printf(format, args...) }
func (silent) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }

func check(err error) {
	if err != nil {
		log.Fatal("pebble: ", err)
	}
}

func milliseconds(since time.Time) float64 {
	return float64(time.Since(since).Microseconds()) / 1e3
}

func openDatabase(directory string) *pebble.DB {
	cache := pebble.NewCache(256 << 20)
	defer cache.Unref()
	options := &pebble.Options{
		FormatMajorVersion:          format,
		MemTableSize:                64 << 20,
		MemTableStopWritesThreshold: 4,
		MaxOpenFiles:                1024,
		L0CompactionThreshold:       8,
		L0StopWritesThreshold:       20,
		FlushSplitBytes:             2 << 20,
		LBaseMaxBytes:               256 << 20,
		CompactionConcurrencyRange:  func() (int, int) { return 2, 2 },
		Cache:                       cache,
		Logger:                      silent{},
	}
	options.Levels[0].BlockSize = 32 << 10
	database, err := pebble.Open(directory, options)
	check(err)
	return database
}

func readPart(file io.Reader) ([]byte, error) {
	var length uint32
	if err := binary.Read(file, binary.LittleEndian, &length); err != nil {
		return nil, err
	}
	part := make([]byte, length)
	_, err := io.ReadFull(file, part)
	return part, err
}

func readEntries(path string, each func(entry)) {
	opened, err := os.Open(path)
	check(err)
	defer opened.Close()
	file := bufio.NewReaderSize(opened, 1<<20)
	for {
		key, err := readPart(file)
		if errors.Is(err, io.EOF) {
			return
		}
		check(err)
		value, err := readPart(file)
		check(err)
		each(entry{key, value})
	}
}

func load(directory, path string) {
	start := time.Now()
	database := openDatabase(directory)
	batch := database.NewBatch()
	readEntries(path, func(one entry) {
		check(batch.Set(one.key, one.value, nil))
		if batch.Count() >= batchEntries {
			check(batch.Commit(pebble.NoSync))
			batch = database.NewBatch()
		}
	})
	check(batch.Commit(pebble.NoSync))
	check(database.Flush())
	check(database.Compact(context.Background(), []byte{0}, []byte{255, 255}, true))
	check(database.Close())
	fmt.Printf("{\"loadMs\":%.3f}\n", milliseconds(start))
}

// buildTable writes the source's entries in a span to a table file, synced, and returns their number.
func buildTable(source *pebble.DB, span entry, path string) int {
	iterator, err := source.NewIter(&pebble.IterOptions{LowerBound: span.key, UpperBound: span.value})
	check(err)
	file, err := vfs.Default.Create(path, vfs.WriteCategoryUnspecified)
	check(err)
	writer := sstable.NewWriter(objstorageprovider.NewFileWritable(file), sstable.WriterOptions{
		TableFormat: format.MaxTableFormat(),
		BlockSize:   4 << 10,
	})
	count := 0
	for iterator.First(); iterator.Valid(); iterator.Next() {
		check(writer.Set(iterator.Key(), iterator.Value()))
		count++
	}
	check(iterator.Close())
	check(writer.Close())
	return count
}

// buildTables writes a table file for each span; the path is empty if the source holds no entries there.
func buildTables(source *pebble.DB, spans []entry, prefix string) []string {
	paths := make([]string, len(spans))
	for i, span := range spans {
		path := fmt.Sprintf("%s%d.sst", prefix, i)
		if buildTable(source, span, path) > 0 {
			paths[i] = path
			continue
		}
		check(os.Remove(path))
	}
	return paths
}

func replaceBy(base *pebble.DB, paths []string, spans []entry) {
	for i, span := range spans {
		// Nothing to ingest: baton-sdk deletes the range.
		if paths[i] == "" {
			check(base.DeleteRange(span.key, span.value, pebble.Sync))
			continue
		}
		excised := pebble.KeyRange{Start: span.key, End: span.value}
		_, err := base.IngestAndExcise(context.Background(), []string{paths[i]}, nil, nil, excised)
		check(err)
	}
}

// source is a database, and its table files if they are written before the rounds.
type source struct {
	database *pebble.DB
	ready    []string
}

func openSource(directory string, spans []entry) source {
	opened := source{database: openDatabase(directory)}
	if os.Getenv("READY_TABLES") != "" {
		ready := directory + "-ready"
		check(os.MkdirAll(ready, 0o777))
		opened.ready = buildTables(opened.database, spans, ready+"/")
	}
	return opened
}

// linksTo makes a link to each table file, as ingesting removes its input.
func linksTo(tables []string, prefix string) []string {
	links := make([]string, len(tables))
	for i, table := range tables {
		if table == "" {
			continue
		}
		links[i] = fmt.Sprintf("%s%d.sst", prefix, i)
		check(os.Link(table, links[i]))
	}
	return links
}

func replace(firstDirectory, secondDirectory, spansPath string) {
	var spans []entry
	readEntries(spansPath, func(span entry) { spans = append(spans, span) })
	sources := []source{openSource(firstDirectory, spans), openSource(secondDirectory, spans)}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		base := openDatabase(lines.Text())
		var tookMs [2]float64
		for i, one := range sources {
			prefix := filepath.Join(lines.Text(), fmt.Sprintf("incoming-%d-", i))
			tables := linksTo(one.ready, prefix)
			start := time.Now()
			if one.ready == nil {
				tables = buildTables(one.database, spans, prefix)
			}
			replaceBy(base, tables, spans)
			tookMs[i] = milliseconds(start)
		}
		closing := time.Now()
		check(base.Close())
		fmt.Printf("{\"replaceMs\":%.3f,\"againMs\":%.3f,\"closeMs\":%.3f}\n",
			tookMs[0], tookMs[1], milliseconds(closing))
	}
	for _, one := range sources {
		check(one.database.Close())
	}
}

func dump(directory string) {
	database := openDatabase(directory)
	output := bufio.NewWriterSize(os.Stdout, 1<<20)
	iterator, err := database.NewIter(nil)
	check(err)
	for iterator.First(); iterator.Valid(); iterator.Next() {
		for _, part := range [][]byte{iterator.Key(), iterator.Value()} {
			check(binary.Write(output, binary.LittleEndian, uint32(len(part))))
			_, err := output.Write(part)
			check(err)
		}
	}
	check(iterator.Close())
	check(output.Flush())
	check(database.Close())
}

func version() string {
	build, _ := debug.ReadBuildInfo()
	for _, module := range build.Deps {
		if module.Path == "github.com/cockroachdb/pebble/v2" {
			return strings.TrimPrefix(module.Version, "v")
		}
	}
	return "unknown"
}

func main() {
	log.SetFlags(0)
	words := os.Args[1:]
	switch {
	case len(words) == 3 && words[0] == "load":
		load(words[1], words[2])
	case len(words) == 4 && words[0] == "replace":
		replace(words[1], words[2], words[3])
	case len(words) == 2 && words[0] == "dump":
		dump(words[1])
	case len(words) == 1 && words[0] == "version":
		fmt.Println(version())
	default:
		log.Fatal("pebble: load DIRECTORY FILE, replace DIRECTORY DIRECTORY FILE, dump DIRECTORY, version")
	}
}
