// Pebble's side of the interoperability checks (../src/main.mjs).
//
//	list DIRECTORY                      every live entry, as JSON lines
//	exercise DIRECTORY START END        changes the database; reports its content after each step
//	generate DIRECTORY SEED FORMAT      creates a database by a random workload; prints its entries as JSON lines
//
// START and END are keys in hex. An entry is {"k": key, "v": value}, both in hex.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"log"
	"os"
	"strconv"

	"github.com/cockroachdb/pebble/v2"
)

type silent struct{}

func (silent) Infof(string, ...any)              {}
func (silent) Errorf(format string, args ...any) { log.Printf(format, args...) }
func (silent) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }

func check(err error) {
	if err != nil {
		log.Fatalf("pebble: %+v", err)
	}
}

func main() {
	log.SetFlags(0)
	args := os.Args[1:]
	switch {
	case len(args) == 2 && args[0] == "list":
		database := open(args[1], &pebble.Options{ReadOnly: true})
		writeEntries(os.Stdout, database)
		check(database.Close())
	case len(args) == 4 && args[0] == "exercise":
		exercise(args[1], fromHex(args[2]), fromHex(args[3]))
	case len(args) == 4 && args[0] == "generate":
		seed, err := strconv.ParseInt(args[2], 10, 64)
		check(err)
		format, err := strconv.ParseUint(args[3], 10, 64)
		check(err)
		generate(args[1], seed, pebble.FormatMajorVersion(format))
	default:
		log.Fatal("usage: list DIRECTORY | exercise DIRECTORY START END | generate DIRECTORY SEED FORMAT")
	}
}

// open opens an existing database.
func open(directory string, options *pebble.Options) *pebble.DB {
	options.ErrorIfNotExists = true
	options.Logger = silent{}
	database, err := pebble.Open(directory, options)
	check(err)
	return database
}

// forEach calls visit for every live entry.
func forEach(reader pebble.Reader, visit func(key, value []byte)) {
	iterator, err := reader.NewIter(nil)
	check(err)
	for iterator.First(); iterator.Valid(); iterator.Next() {
		value, err := iterator.ValueAndErr()
		check(err)
		visit(iterator.Key(), value)
	}
	check(iterator.Error())
	check(iterator.Close())
}

func writeEntries(target io.Writer, reader pebble.Reader) {
	buffered := bufio.NewWriterSize(target, 1<<20)
	forEach(reader, func(key, value []byte) {
		line, err := json.Marshal(map[string]string{
			"k": hex.EncodeToString(key),
			"v": hex.EncodeToString(value),
		})
		check(err)
		buffered.Write(line)
		buffered.WriteByte('\n')
	})
	check(buffered.Flush())
}

// A digest is the SHA-256 of entries, each as the lengths of key and value, uint32 little-endian, and both.
type digest struct {
	hash    hash.Hash
	entries int
}

func digestOf(reader pebble.Reader) (entries int, sha256Hex string) {
	all := digest{hash: sha256.New()}
	forEach(reader, all.add)
	return all.entries, hex.EncodeToString(all.hash.Sum(nil))
}

func (d *digest) add(key, value []byte) {
	lengths := [8]byte{
		byte(len(key)), byte(len(key) >> 8), byte(len(key) >> 16), byte(len(key) >> 24),
		byte(len(value)), byte(len(value) >> 8), byte(len(value) >> 16), byte(len(value) >> 24),
	}
	d.hash.Write(lengths[:])
	d.hash.Write(key)
	d.hash.Write(value)
	d.entries++
}

func fromHex(text string) []byte {
	bytes, err := hex.DecodeString(text)
	check(err)
	return bytes
}
