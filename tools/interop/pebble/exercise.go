package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// A report describes the content of the database after a step.
type report struct {
	Step    string `json:"step"`
	Entries int    `json:"entries"`
	SHA256  string `json:"sha256"`
	Format  uint64 `json:"format"`
	// Tables that were in the database when it was first opened, including those that only back virtual tables.
	OldTables int `json:"oldTables"`
	// Virtual tables backed by such tables.
	OldVirtualTables int `json:"oldVirtualTables"`
}

// exercise opens the database read-only and for writing, raises its format version, excises [start, end) and
// puts one entry there, compacts it in full, and opens it again.
func exercise(directory string, start, end []byte) {
	encoder := json.NewEncoder(os.Stdout)
	old := map[uint64]bool{}
	tell := func(step string, database *pebble.DB) {
		entries, sha256Hex := digestOf(database)
		r := report{Step: step, Entries: entries, SHA256: sha256Hex}
		r.Format = uint64(database.FormatMajorVersion())
		levels, err := database.SSTables(pebble.WithProperties())
		check(err)
		for _, level := range levels {
			for _, table := range level {
				backing := uint64(table.BackingSSTNum)
				if step == "open read-only" {
					old[backing] = true
				}
				if old[backing] {
					r.OldTables++
					if table.Virtual {
						r.OldVirtualTables++
					}
				}
			}
		}
		check(encoder.Encode(r))
	}

	database := open(directory, &pebble.Options{ReadOnly: true})
	tell("open read-only", database)
	check(database.Close())

	database = open(directory, &pebble.Options{})
	tell("open", database)
	check(database.RatchetFormatMajorVersion(pebble.FormatNewest))
	tell("raise the format version", database)

	span := pebble.KeyRange{Start: start, End: end}
	table := makeTable(directory+".ingested", start)
	_, err := database.IngestAndExcise(context.Background(), []string{table}, nil, nil, span)
	check(err)
	tell("excise", database)

	// Entries above all tables: without them a compaction would not rewrite tables of the last level.
	var first, last, firstValue, lastValue []byte
	forEach(database, func(key, value []byte) {
		if first == nil {
			first, firstValue = bytes.Clone(key), bytes.Clone(value)
		}
		last, lastValue = append(last[:0], key...), append(lastValue[:0], value...)
	})
	check(database.Set(first, firstValue, nil))
	check(database.Set(last, lastValue, nil))
	check(database.Flush())
	check(database.Compact(context.Background(), first, append(last, 0), true))
	tell("compact", database)
	check(database.Close())

	database = open(directory, &pebble.Options{})
	tell("open again", database)
	check(database.Close())
}

// makeTable writes a table to ingest, of one entry with equal key and value.
func makeTable(path string, key []byte) string {
	file, err := vfs.Default.Create(path, vfs.WriteCategoryUnspecified)
	check(err)
	writer := sstable.NewWriter(objstorageprovider.NewFileWritable(file), sstable.WriterOptions{
		TableFormat: pebble.FormatNewest.MaxTableFormat(),
	})
	check(writer.Set(key, key))
	check(writer.Close())
	return filepath.Clean(path)
}
