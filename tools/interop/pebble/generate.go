package main

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"sort"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/sstable/block"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// A workload changes a database at random. The same seed produces the same entries.
type workload struct {
	random    *rand.Rand
	directory string
	format    pebble.FormatMajorVersion
	options   *pebble.Options
	database  *pebble.DB
	snapshots []*pebble.Snapshot
	keys      int
	// Keys that were set exactly once, as SingleDelete requires.
	once     [][]byte
	nextOnce int
	ingested int
}

// generate creates the database in the directory, and prints its entries.
func generate(directory string, seed int64, format pebble.FormatMajorVersion) {
	scratch := directory + ".scratch"
	check(os.MkdirAll(scratch, 0o755))
	defer os.RemoveAll(scratch)
	w := &workload{random: rand.New(rand.NewSource(seed)), format: format}
	w.directory = directory
	w.keys = 1 << (3 + w.random.Intn(9))
	endsInCheckpoint := w.random.Intn(3) == 0
	if endsInCheckpoint {
		w.directory = filepath.Join(scratch, "database")
	}
	w.open()
	for left := 50 << w.random.Intn(7); left > 0; left-- {
		w.step(scratch)
	}
	if w.random.Intn(2) == 0 {
		check(w.database.Flush())
	}
	if endsInCheckpoint {
		var options []pebble.CheckpointOption
		if w.random.Intn(2) == 0 {
			options = append(options, pebble.WithFlushedWAL())
		}
		check(w.database.Checkpoint(directory, options...))
	}
	// Unflushed entries stay in the WAL.
	w.close()
	// List the entries of the directory, not those of the open database: a checkpoint without WithFlushedWAL lacks
	// the last unsynced writes.
	database := open(directory, &pebble.Options{ReadOnly: true})
	writeEntries(os.Stdout, database)
	check(database.Close())
}

func (w *workload) open() {
	r := w.random
	options := &pebble.Options{
		FormatMajorVersion:          w.format,
		Logger:                      silent{},
		MemTableSize:                uint64(32<<10) << r.Intn(6),
		L0CompactionThreshold:       1 + r.Intn(4),
		L0CompactionFileThreshold:   1 + r.Intn(10),
		LBaseMaxBytes:               int64(8<<10) << r.Intn(8),
		L0StopWritesThreshold:       1 << 20, // Compactions may be off: do not wait for them.
		DisableAutomaticCompactions: r.Intn(4) == 0,
		WALBytesPerSync:             r.Intn(2) * 4096,
	}
	compressions := []*sstable.CompressionProfile{
		block.NoCompression, block.SnappyCompression, block.ZstdCompression,
	}
	for level := range options.Levels {
		compression := compressions[r.Intn(len(compressions))]
		options.Levels[level] = pebble.LevelOptions{
			BlockRestartInterval: 1 + r.Intn(20),
			BlockSize:            64 << r.Intn(10),
			IndexBlockSize:       128 << r.Intn(10),
			Compression:          func() *sstable.CompressionProfile { return compression },
		}
		if r.Intn(3) == 0 {
			options.Levels[level].FilterPolicy = bloom.FilterPolicy(10)
		}
		options.TargetFileSizes[level] = int64(1<<10) << r.Intn(9)
	}
	hasColumns, hasValueBlocks := r.Intn(4) > 0, r.Intn(2) == 0
	options.Experimental.EnableColumnarBlocks = func() bool { return hasColumns }
	options.Experimental.EnableValueBlocks = func() bool { return hasValueBlocks }
	ingestsAtOnce := r.Intn(2) == 0
	options.Experimental.DisableIngestAsFlushable = func() bool { return ingestsAtOnce }
	database, err := pebble.Open(w.directory, options)
	check(err)
	w.options, w.database = options, database
}

func (w *workload) close() {
	for _, snapshot := range w.snapshots {
		check(snapshot.Close())
	}
	w.snapshots = nil
	check(w.database.Close())
}

// Keys share prefixes; some are prefixes of others.
func (w *workload) key() []byte {
	key := []byte(fmt.Sprintf("key %06d", w.random.Intn(w.keys)))
	switch w.random.Intn(8) {
	case 0:
		return key[:4+w.random.Intn(6)]
	case 1:
		return append(key, 0)
	case 2:
		return append(key, 0xff, byte(w.random.Intn(3)))
	default:
		return key
	}
}

func (w *workload) value() []byte {
	length := w.random.Intn(60)
	switch w.random.Intn(60) {
	case 0:
		length = w.random.Intn(100_000)
	case 1, 2, 3:
		length = 0
	}
	value := make([]byte, length)
	if w.random.Intn(2) == 0 {
		w.random.Read(value)
	}
	return value
}

// span returns two keys in order, mostly close together, as wide spans would leave few entries.
func (w *workload) span() (start, end []byte) {
	for {
		start, end = w.key(), w.key()
		switch w.random.Intn(20) {
		case 0:
		case 1, 2, 3, 4, 5, 6, 7, 8:
			end = append(append([]byte{}, start...), byte(w.random.Intn(256)))
		default:
			first := w.random.Intn(w.keys)
			start = fmt.Appendf(nil, "key %06d", first)
			end = fmt.Appendf(nil, "key %06d", first+1+w.random.Intn(2+w.keys/50))
		}
		if string(start) < string(end) {
			return start, end
		}
	}
}

func (w *workload) step(scratch string) {
	r := w.random
	switch choice := r.Intn(200); {
	case choice < 100:
		check(w.database.Set(w.key(), w.value(), pebble.NoSync))
	case choice < 120:
		w.batch()
	case choice < 140:
		check(w.database.Delete(w.key(), pebble.NoSync))
	case choice < 146:
		if w.format >= pebble.FormatDeleteSizedAndObsolete {
			check(w.database.DeleteSized(w.key(), uint32(r.Intn(100)), pebble.NoSync))
		}
	case choice < 152:
		w.setOrSingleDelete()
	case choice < 160:
		start, end := w.span()
		check(w.database.DeleteRange(start, end, pebble.NoSync))
	case choice < 168:
		check(w.database.Flush())
	case choice < 171:
		start, end := w.span()
		check(w.database.Compact(context.Background(), start, end, r.Intn(2) == 0))
	case choice < 172:
		check(w.database.Compact(context.Background(), []byte{0}, []byte{0xff, 0xff}, true))
	case choice < 180:
		w.ingest(scratch)
	case choice < 184:
		if w.format >= pebble.FormatVirtualSSTables {
			start, end := w.span()
			check(w.database.Excise(context.Background(), pebble.KeyRange{Start: start, End: end}))
		}
	case choice < 190:
		w.snapshots = append(w.snapshots, w.database.NewSnapshot())
	case choice < 195:
		if len(w.snapshots) > 0 {
			check(w.snapshots[0].Close())
			w.snapshots = w.snapshots[1:]
		}
	case choice < 197:
		check(w.database.LogData([]byte("data"), pebble.Sync))
	case choice < 199:
		w.close()
		w.open()
	default:
		if w.format < pebble.FormatNewest && r.Intn(4) == 0 {
			w.format++
			check(w.database.RatchetFormatMajorVersion(w.format))
		}
	}
}

func (w *workload) batch() {
	batch := w.database.NewBatch()
	for left := 1 + w.random.Intn(40); left > 0; left-- {
		switch w.random.Intn(80) {
		case 0, 1, 2, 3, 4, 5, 6, 7:
			check(batch.Delete(w.key(), nil))
		case 8:
			start, end := w.span()
			check(batch.DeleteRange(start, end, nil))
		default:
			check(batch.Set(w.key(), w.value(), nil))
		}
	}
	check(batch.Commit(pebble.Sync))
}

// The key is used only here: it is set once, and later deleted by SingleDelete or never.
func (w *workload) setOrSingleDelete() {
	if len(w.once) > 0 && w.random.Intn(2) == 0 {
		at := w.random.Intn(len(w.once))
		check(w.database.SingleDelete(w.once[at], pebble.NoSync))
		w.once = append(w.once[:at], w.once[at+1:]...)
		return
	}
	key := []byte(fmt.Sprintf("once %06d", w.nextOnce))
	w.nextOnce++
	w.once = append(w.once, key)
	check(w.database.Set(key, w.value(), pebble.NoSync))
}

// ingest adds a table, and may excise its span first.
func (w *workload) ingest(scratch string) {
	r := w.random
	path := filepath.Join(scratch, fmt.Sprintf("ingested-%d", w.ingested))
	w.ingested++
	lowest, highest := w.format.MinTableFormat(), w.format.MaxTableFormat()
	format := lowest + sstable.TableFormat(r.Intn(int(highest-lowest)+1))
	file, err := vfs.Default.Create(path, vfs.WriteCategoryUnspecified)
	check(err)
	writerOptions := w.options.MakeWriterOptions(r.Intn(7), format)
	// The table may be ingested into any level. In the lowest, deletions would be marked as obsolete and skipped by reads.
	writerOptions.WritingToLowestLevel = false
	if r.Intn(4) == 0 {
		writerOptions.Checksum = block.ChecksumTypeXXHash64
	}
	writer := sstable.NewWriter(objstorageprovider.NewFileWritable(file), writerOptions)
	keys := map[string]bool{}
	for left := 1 + r.Intn(60); left > 0; left-- {
		keys[string(w.key())] = true
	}
	sorted := make([]string, 0, len(keys))
	for key := range keys {
		sorted = append(sorted, key)
	}
	sort.Strings(sorted)
	for _, key := range sorted {
		if r.Intn(6) == 0 {
			check(writer.Delete([]byte(key)))
		} else {
			check(writer.Set([]byte(key), w.value()))
		}
	}
	// Several would have to be in order and not overlap: one is enough.
	if start, end := w.span(); r.Intn(3) == 0 {
		check(writer.DeleteRange(start, end))
	}
	check(writer.Close())
	if w.format < pebble.FormatVirtualSSTables || r.Intn(2) == 0 {
		check(w.database.Ingest(context.Background(), []string{path}))
		return
	}
	start, end := w.span()
	span := pebble.KeyRange{Start: start, End: end}
	_, err = w.database.IngestAndExcise(context.Background(), []string{path}, nil, nil, span)
	check(err)
}
