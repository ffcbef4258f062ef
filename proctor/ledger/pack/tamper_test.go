package pack

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"ochno/proctor/ledger"
)

// Every way of breaking a package is found and named, by those who hold no key and, where that can be, by those who hold the log's.
func TestTampering(t *testing.T) {
	l := newFilled(t)
	exam := l.write(l.options(ledger.Filter{Exam: examA}))
	whole := l.write(l.options(ledger.Filter{}))
	stranger, _, strangersKey := newKey(t)
	var old ledger.Checkpoint
	{
		o := newTestLog(t) // any other tree
		o.add(head(0, true))
		o.seal()
		var err error
		if old, err = o.Latest(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	proofsOf := func(file []byte) string { return unpack(t, file).text[fileProofs] }
	consents := l.write(l.options(ledger.Filter{Type: ledger.TypeConsent}))

	swap := func(i, j int) func([]string) []string {
		return func(list []string) []string { list[i], list[j] = list[j], list[i]; return list }
	}
	remove := func(i int) func([]string) []string {
		return func(list []string) []string { return slices.Delete(list, i, i+1) }
	}
	double := func(i int) func([]string) []string {
		return func(list []string) []string { return slices.Insert(list, i, list[i]) }
	}
	type harm struct {
		name string
		do   func(u *unpacked)
		want []string // parts of one finding
	}
	// What works on a selection and on the whole log alike.
	both := []harm{
		{"record: a byte", func(u *unpacked) { u.replace(fileRecords, `"overall":0.99995`, `"overall":0.99999`) }, []string{"records.jsonl, line 2, record ", "changed"}},
		{"record: the verdict", func(u *unpacked) { u.replace(fileRecords, `aaa.bbb.j3`, `aaa.bbb.j9`) }, []string{"records.jsonl, line ", "changed"}},
		{"record: the outcome", func(u *unpacked) { u.replace(fileRecords, `"outcome":"granted"`, `"outcome":"refused"`) }, []string{"records.jsonl, line 1, record ", "changed"}},
		{"record: a sealed personal hash", func(u *unpacked) { u.replace(fileRecords, `"personal":{"oid":"`, `"personal":{"oid":"0`) }, []string{"records.jsonl, line 1", "changed"}},
		{"record: rubbish", func(u *unpacked) { u.edit(fileRecords, func(l []string) []string { l[1] = "rubbish\n"; return l }) }, []string{"records.jsonl, line 2: it was changed"}},
		{"record: an empty line", func(u *unpacked) {
			u.edit(fileRecords, func(l []string) []string { return slices.Insert(l, 1, "\n") })
		}, []string{"records.jsonl, line 2", "added"}},
		{"record: CRLF", func(u *unpacked) { u.replace(fileRecords, "}\n", "}\r\n") }, []string{"records.jsonl, line 1", "changed"}},
		{"the first record removed", func(u *unpacked) { u.edit(fileRecords, remove(0)) }, []string{"records.jsonl, line 1: leaf 0 of the log was removed"}},
		{"a record removed", func(u *unpacked) { u.edit(fileRecords, remove(1)) }, []string{"records.jsonl, line 2: leaf 1 of the log was removed"}},
		{"the last record removed", func(u *unpacked) { u.edit(fileRecords, func(l []string) []string { return l[:len(l)-1] }) }, []string{"records.jsonl, line ", "of the log was removed"}},
		{"all records removed", func(u *unpacked) { u.text[fileRecords] = "" }, []string{"leaf 0 of the log was removed"}},
		{"a pair swapped", func(u *unpacked) { u.edit(fileRecords, swap(0, 1)) }, []string{"records.jsonl, line 1", "swapped", "leaves 1 and 0"}},
		{"two records far apart swapped", func(u *unpacked) { u.edit(fileRecords, swap(0, 3)) }, []string{"records.jsonl, line 1", "changed"}},
		{"a record doubled", func(u *unpacked) { u.edit(fileRecords, double(1)) }, []string{"records.jsonl, line 3", "added"}},
		{"the last line cut", func(u *unpacked) { u.text[fileRecords] = strings.TrimSuffix(u.text[fileRecords], "\n") }, []string{"records.jsonl: the file ends within a line"}},
		{"a huge line", func(u *unpacked) { u.text[fileRecords] = strings.Repeat("x", 2*maxLine) + "\n" }, []string{"records.jsonl", "longer than"}},

		{"personal value changed", func(u *unpacked) { u.replace(filePersonal, oid, "1000299655") }, []string{"personal.jsonl, line 1", `"oid" was changed`}},
		{"personal salt changed", func(u *unpacked) { u.replace(filePersonal, `"salt":"`, `"salt":"00`) }, []string{"personal.jsonl, line 1", "was changed"}},
		{"personal values removed", func(u *unpacked) { u.edit(filePersonal, remove(1)) }, []string{"records.jsonl, line 2", "personal values (leaf 1) were removed"}},
		{"personal values said to be erased", func(u *unpacked) {
			u.edit(filePersonal, func(l []string) []string { l[0] = `{"leaf":0,"erased":true}` + "\n"; return l })
		}, []string{"personal.jsonl", "said to be erased"}},
		{"personal values given to an erased record", func(u *unpacked) {
			u.edit(filePersonal, func(l []string) []string {
				for i, line := range l {
					if strings.Contains(line, "erased") {
						l[i] = strings.Replace(line, `"erased":true`, `"fields":{"oid":{"salt":"00","value":"1"}}`, 1)
					}
				}
				return l
			})
		}, []string{"personal.jsonl, line ", "was changed"}},
		{"personal values doubled", func(u *unpacked) { u.edit(filePersonal, double(0)) }, []string{"personal.jsonl, line 2", "no record"}},
		{"personal values swapped", func(u *unpacked) { u.edit(filePersonal, swap(0, 1)) }, []string{"personal.jsonl, line 2", "no record"}},
		{"personal: no line of the format", func(u *unpacked) { u.replace(filePersonal, `"fields":{`, `"fields": {`) }, []string{"personal.jsonl, line 1: not a line"}},
		{"personal: a field added", func(u *unpacked) {
			u.replace(filePersonal, `"fields":{`, `"fields":{"a":{"salt":"","value":""},`)
		}, []string{"personal.jsonl, line 1", "added or moved"}},
		{"personal values for a record that is not there", func(u *unpacked) { u.text[filePersonal] += `{"leaf":99,"erased":true}` + "\n" }, []string{"personal.jsonl, line ", "no record"}},

		{"checkpoint: another tree's", func(u *unpacked) { u.text[fileCheckpoint] = old.Note }, []string{"checkpoint.txt", "not signed by the key"}},
		{"checkpoint: its size", func(u *unpacked) { u.replace(fileCheckpoint, "\n10\n", "\n11\n") }, []string{"checkpoint.txt", "not signed"}},
		{"checkpoint: an older one of the log", func(u *unpacked) { u.text[fileCheckpoint] = l.checkpoint(5) }, []string{"checkpoint.txt: it signs a tree of 5 records"}},
		{"checkpoint: the manifest's signature instead", func(u *unpacked) { u.text[fileCheckpoint] = u.text[fileSignature] }, []string{"checkpoint.txt"}},
		{"manifest: a number", func(u *unpacked) { u.replace(fileManifest, `"records": `, `"records": 1`) }, []string{"manifest.json: it was changed"}},
		{"manifest: a space", func(u *unpacked) { u.text[fileManifest] += " " }, []string{"manifest.json: it was changed"}},
		{"manifest: another field", func(u *unpacked) { u.replace(fileManifest, `{`, `{"x":1,`) }, []string{"manifest.json: cannot be read"}},
		{"manifest: rubbish", func(u *unpacked) { u.text[fileManifest] = "rubbish" }, []string{"manifest.json: cannot be read"}},
		{"manifest: another format", func(u *unpacked) { u.replace(fileManifest, Format, "ochno.package/2") }, []string{"manifest.json: the format is"}},
		{"manifest: another log", func(u *unpacked) { u.replace(fileManifest, origin, "other.test/log") }, []string{"manifest.json: it is of the log"}},
		{"manifest signature: cut", func(u *unpacked) { u.text[fileSignature] = "" }, []string{"manifest.note: not signed"}},
		{"manifest signature: the checkpoint instead", func(u *unpacked) { u.text[fileSignature] = u.text[fileCheckpoint] }, []string{"manifest.json: it was changed"}},
		{"key: another one", func(u *unpacked) { u.text[fileKey] = strangersKey }, []string{"manifest.note: not signed by the key"}},
		{"key: rubbish", func(u *unpacked) { u.text[fileKey] = "rubbish" }, []string{"log-key.pub: not a key"}},
		{"all signed anew with another key", func(u *unpacked) {
			u.text[fileKey] = strangersKey
			u.sign(stranger, nil)
		}, []string{"checkpoint.txt: the checkpoint is not signed"}},
		{"README changed", func(u *unpacked) { u.text[fileReadmeRU] += "Верьте нам." }, []string{"README.ru.md: it was changed"}},
		{"README removed", func(u *unpacked) { u.drop(fileReadmeEN) }, []string{"not in the package: README.en.md"}},
		{"records removed", func(u *unpacked) { u.drop(fileRecords) }, []string{"not in the package: records.jsonl"}},
		{"a sheet added", func(u *unpacked) {
			u.names = append(u.names, fileSheet)
			u.text[fileSheet] = "%PDF"
		}, []string{"sheet.pdf: it was added"}},

		{"segments: a hash", func(u *unpacked) { u.replace(fileSegments, `"sha256":"`+hexOf(1), `"sha256":"`+hexOf(3)) }, []string{"segments.jsonl: it was changed"}},
		{"segments removed", func(u *unpacked) { u.drop(fileSegments) }, []string{"segments.jsonl: it was removed"}},
		{"segments: a hash, signed anew by the log's key", func(u *unpacked) {
			u.replace(fileSegments, `"sha256":"`+hexOf(1), `"sha256":"`+hexOf(3))
			u.sign(l.signer, nil)
		}, []string{"segments.jsonl, line 2", "segment 1 of recording " + camera, "chain"}},
		{"segments: one removed, signed anew", func(u *unpacked) {
			u.edit(fileSegments, remove(1))
			u.sign(l.signer, func(m *Manifest) { m.Segments-- })
		}, []string{"segments.jsonl, line 2", "segment 2 of recording", "one before it was removed"}},
		{"segments: a chain of its own, signed anew", func(u *unpacked) {
			sums := slices.Clone(segmentHashes)
			sums[1] = sums[3]
			for i, chain := range chains(sums) {
				u.replace(fileSegments, recordedChains[i], chain)
			}
			u.replace(fileSegments, `"sha256":"`+hexOf(1), `"sha256":"`+hexOf(3))
			u.sign(l.signer, nil)
		}, []string{"segments.jsonl, line 3", "is not the one that record"}},
		{"segments: the sealed ones cut off, signed anew", func(u *unpacked) {
			u.edit(fileSegments, func(l []string) []string { return l[:2] })
			u.sign(l.signer, func(m *Manifest) { m.Segments = 2 })
		}, []string{"segments.jsonl", "the log sealed segment 2 of recording " + camera}},
		{"segments: swapped, signed anew", func(u *unpacked) {
			u.edit(fileSegments, swap(1, 2))
			u.sign(l.signer, nil)
		}, []string{"segments.jsonl, line 3", "out of order"}},
		{"segments: all gone, signed anew", func(u *unpacked) {
			u.text[fileSegments] = ""
			u.sign(l.signer, func(m *Manifest) { m.Segments = 0 })
		}, []string{"segments.jsonl", "the log sealed recording " + camera}},
		{"segments: another recording, signed anew", func(u *unpacked) {
			u.text[fileSegments] = strings.ReplaceAll(u.text[fileSegments], camera, "00000000-0000-4000-8000-0000000000c2")
			u.sign(l.signer, nil)
		}, []string{"segments.jsonl, line 1", "seal no such recording"}},
	}
	selection := []harm{
		{"a record and its proof removed", func(u *unpacked) {
			u.edit(fileRecords, remove(1))
			u.edit(fileProofs, remove(1))
			u.edit(filePersonal, remove(1))
		}, []string{"proofs.jsonl: it was changed"}},
		{"a record and its proof put in from elsewhere", func(u *unpacked) {
			other := unpack(t, consents)
			u.text[fileRecords], u.text[fileProofs], u.text[filePersonal] = other.text[fileRecords], other.text[fileProofs], other.text[filePersonal]
		}, []string{"proofs.jsonl: it was changed"}},
		{"a proof's hash, signed anew", func(u *unpacked) {
			u.edit(fileProofs, func(l []string) []string {
				l[1] = strings.Replace(l[1], `"hash":"`, `"hash":"AAAA`, 1)
				return l
			})
			u.sign(l.signer, nil)
		}, []string{"proofs.jsonl, line 2: not a line"}},
		{"a record changed with its proof's leaf hash, signed anew", func(u *unpacked) {
			u.replace(fileRecords, `aaa.bbb.j1`, `aaa.bbb.j9`)
			var was, is string
			u.edit(fileRecords, func(l []string) []string {
				h := tlog.RecordHash([]byte(strings.TrimSuffix(l[1], "\n")))
				is = h.String()
				h = tlog.RecordHash([]byte(strings.TrimSuffix(strings.Replace(l[1], `aaa.bbb.j9`, `aaa.bbb.j1`, 1), "\n")))
				was = h.String()
				return l
			})
			u.replace(fileProofs, `"hash":"`+was, `"hash":"`+is)
			u.sign(l.signer, nil)
		}, []string{"proofs.jsonl, line 2: leaf 1 is not proved"}},
		{"proofs swapped, signed anew", func(u *unpacked) {
			u.edit(fileProofs, swap(0, 1))
			u.sign(l.signer, nil)
		}, []string{"proofs.jsonl, line 2", "out of order"}},
		{"another selection's proofs, signed anew", func(u *unpacked) {
			u.text[fileProofs] = proofsOf(consents)
			u.sign(l.signer, nil)
		}, []string{"records.jsonl, line 2", "added"}},
		{"proofs removed", func(u *unpacked) { u.drop(fileProofs) }, []string{"proofs.jsonl: it was removed"}},
	}
	all := []harm{
		{"a leaf's hash changed", func(u *unpacked) {
			u.text[fileLeaves] = string([]byte{u.text[fileLeaves][0] ^ 1}) + u.text[fileLeaves][1:]
		}, []string{"leaves.bin", "do not have the root"}},
		{"a leaf removed with its record, signed anew", func(u *unpacked) {
			u.text[fileLeaves] = u.text[fileLeaves][32:]
			u.edit(fileRecords, remove(0))
			u.sign(l.signer, nil)
		}, []string{"leaves.bin", "it has 288 bytes"}},
		{"the leaves cut", func(u *unpacked) { u.text[fileLeaves] = u.text[fileLeaves][:33] }, []string{"leaves.bin", "it has 33 bytes"}},
		{"no leaves", func(u *unpacked) { u.text[fileLeaves] = "" }, []string{"leaves.bin", "do not have the root"}},
		{"leaves.bin removed", func(u *unpacked) { u.drop(fileLeaves) }, []string{"leaves.bin: in the package: false"}},
	}
	run := func(kind string, file []byte, harms []harm) {
		for _, h := range harms {
			t.Run(kind+"/"+h.name, func(t *testing.T) {
				u := unpack(t, file)
				h.do(u)
				found(t, check(t, u.pack(), Trust{}), h.want)
			})
		}
	}
	run("exam", exam, both)
	run("exam", exam, selection)
	run("whole", whole, both)
	run("whole", whole, all)
	withFiles := l.options(ledger.Filter{Exam: examA})
	withFiles.Content = contentOf
	run("recordings", l.write(withFiles), slices.Concat(both, selection, []harm{
		{"a recorded file changed", func(u *unpacked) { u.text[fileOf(camera, 1)] = "x" }, []string{"segments.jsonl, line 2", "the recorded file of segment 1 of recording " + camera, "was changed"}},
		{"a recorded file longer", func(u *unpacked) { u.text[fileOf(camera, 0)] += "x" }, []string{"segments.jsonl, line 1", "segment 0 of recording " + camera, "was changed"}},
		{"a recorded file emptied", func(u *unpacked) { u.text[fileOf(camera, 3)] = "" }, []string{"segments.jsonl, line 4", "segment 3 of recording " + camera, "was changed"}},
		{"two recorded files swapped", func(u *unpacked) {
			a, b := fileOf(camera, 0), fileOf(camera, 2)
			u.text[a], u.text[b] = u.text[b], u.text[a]
		}, []string{"segments.jsonl, line 3", "segment 2 of recording " + camera, "was changed"}},
		{"a recorded file removed", func(u *unpacked) { u.drop(fileOf(camera, 2)) }, []string{"segments.jsonl, line 3", "segment 2 of recording " + camera, "was removed"}},
		{"a recorded file added", func(u *unpacked) {
			u.names = append(u.names, fileOf(camera, 4))
			u.text[fileOf(camera, 4)] = "4"
		}, []string{fileOf(camera, 4), "was added"}},
		{"a recorded file of no recording", func(u *unpacked) {
			name := fileOf("00000000-0000-4000-8000-0000000000c9", 0)
			u.names = append(u.names, name)
			u.text[name] = "0"
		}, []string{"was added"}},
		{"a recorded file and its hash changed, signed anew", func(u *unpacked) {
			u.text[fileOf(camera, 1)] = "3"
			u.replace(fileSegments, `"sha256":"`+hexOf(1), `"sha256":"`+hexOf(3))
			u.sign(l.signer, nil)
		}, []string{"segments.jsonl, line 2", "segment 1 of recording " + camera, "chain"}},
		{"a recorded file named elsewhere, signed anew", func(u *unpacked) {
			u.replace(fileSegments, fileOf(camera, 1), fileOf(camera, 0))
			u.sign(l.signer, nil)
		}, []string{"segments.jsonl, line 2", "another place"}},
		{"a recorded file not named, signed anew", func(u *unpacked) {
			u.replace(fileSegments, `,"file":"`+fileOf(camera, 1)+`"`, "")
			u.sign(l.signer, nil)
		}, []string{fileOf(camera, 1), "was added"}},
	}))

	t.Run("a forgery whole and signed by another key", func(t *testing.T) {
		forger := newFilled(t)
		file := forger.write(forger.options(ledger.Filter{}))
		found(t, check(t, file, Trust{Key: l.public}), []string{"log-key.pub", "you trust"})
	})
}

func hexOf(segment int) string {
	return hex.EncodeToString(segmentHashes[segment][:])
}

func found(t *testing.T, r *Report, want []string) {
	t.Helper()
	if r.OK() {
		t.Fatalf("not found: %+v", r)
	}
	named := false
	for _, f := range r.Findings {
		all := true
		for _, part := range want {
			all = all && strings.Contains(f.String(), part)
		}
		named = named || all
		for _, personal := range []string{oid, "Ёлкина", "Смирнов"} {
			if strings.Contains(f.String(), personal) {
				t.Errorf("a finding shows a personal value: %v", f)
			}
		}
	}
	if !named {
		t.Errorf("found as %v; want %q in one", r.Findings, want)
	}
	var text strings.Builder
	if err := r.Text(&text); err != nil || !strings.HasPrefix(text.String(), "This package does NOT prove") {
		t.Errorf("in words: %v %s", err, text.String())
	}
}

// What is wrong with the ZIP itself.
func TestHostileFiles(t *testing.T) {
	l := newFilled(t)
	good := l.write(l.options(ledger.Filter{Exam: examA}))
	zipOf := func(add func(z *zip.Writer)) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		add(z)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	create := func(z *zip.Writer, h zip.FileHeader, text string) {
		w, err := z.CreateHeader(&h)
		if err != nil {
			t.Fatal(err)
		}
		if text == "" {
			return
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	one := func(name string) []byte {
		return zipOf(func(z *zip.Writer) { create(z, zip.FileHeader{Name: name}, "x") })
	}
	twice := unpack(t, good)
	twice.names = append(twice.names, fileManifest)
	directory := bytes.LastIndex(good, []byte("PK\x01\x02"))
	liar := bytes.Clone(good) // its last file says it is huge
	binary.LittleEndian.PutUint32(liar[directory+20:], 0x7fffffff)
	binary.LittleEndian.PutUint32(liar[directory+24:], 0x7fffffff)
	overlap := bytes.Clone(good) // two files are the same bytes
	records := directoryEntry(overlap, fileRecords)
	for _, name := range []string{fileProofs, filePersonal, fileSegments, fileReadmeRU, fileReadmeEN, fileManifest, fileCheckpoint} {
		entry := directoryEntry(overlap, name)
		copy(overlap[entry+20:entry+28], overlap[records+20:records+28])
		copy(overlap[entry+42:entry+46], overlap[records+42:records+46])
	}
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "no whole ZIP"},
		{"no ZIP", []byte(strings.Repeat("rubbish", 1000)), "no whole ZIP"},
		{"cut at the end", good[:len(good)-1], "no whole ZIP"},
		{"cut in the middle", good[:len(good)/2], "no whole ZIP"},
		{"cut at the beginning", good[len(good)/2:], ""},
		{"an empty ZIP", zipOf(func(*zip.Writer) {}), "not in the package"},
		{"a path upwards", one("../../etc/passwd"), "does not belong"},
		{"an absolute path", one("/etc/passwd"), "does not belong"},
		{"a backslash", one(`..\x`), "does not belong"},
		{"a folder", zipOf(func(z *zip.Writer) { create(z, zip.FileHeader{Name: "records.jsonl/"}, "") }), "does not belong"},
		{"another case", one("RECORDS.jsonl"), "does not belong"},
		{"a long name", one(strings.Repeat("x", 60000)), "does not belong"},
		{"an escape sequence", one("\x1b[2J"), "does not belong"},
		{"a name twice", twice.pack(), "there twice"},
		{"a bomb", zipOf(func(z *zip.Writer) {
			create(z, zip.FileHeader{Name: fileRecords, Method: zip.Deflate}, strings.Repeat("0", 10<<20))
		}), "compressed"},
		{"a size that lies", liar, "overlap"},
		{"files that overlap", overlap, ""},
		{"a directory of thousands", zipOf(func(z *zip.Writer) {
			for range 120_000 {
				create(z, zip.FileHeader{Name: fileRecords + strings.Repeat("x", 100)}, "")
			}
		}), "directory is too large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := check(t, c.file, Trust{})
			if r.OK() || !strings.Contains(r.Findings[0].String(), c.want) {
				t.Errorf("found as %v; want «%s»", r.Findings, c.want)
			}
			if len(r.Findings) > 0 && strings.ContainsAny(r.Findings[0].String(), "\x1b\r") {
				t.Errorf("a finding speaks to the terminal: %q", r.Findings[0].String())
			}
		})
	}
}

// directoryEntry is where the central directory speaks of a file.
func directoryEntry(file []byte, name string) int {
	return bytes.LastIndex(file, []byte(name)) - 46
}

// Whatever the bytes are, checking ends, does not panic, and takes nothing for proved that was not.
func FuzzVerify(f *testing.F) {
	l := newFilled(f)
	for _, filter := range []ledger.Filter{{}, {Exam: examA}, {Type: ledger.TypeRecordingHead}} {
		f.Add(l.write(l.options(filter)))
	}
	key := l.public
	l.close() // its background work would count as coverage
	f.Fuzz(func(t *testing.T, file []byte) {
		r := check(t, file, Trust{Key: key})
		if r.OK() && r.Records != r.Manifest.Records {
			t.Errorf("proved %d of %d", r.Records, r.Manifest.Records)
		}
	})
}

// The fast readers of lines agree with a JSON decoder.
func FuzzLine(f *testing.F) {
	f.Add([]byte(`{"leaf":12,"fields":{"oid":{"salt":"00ff","value":"1"},"student":{"salt":"","value":"\u0401\\\""}}}`))
	f.Add([]byte(`{"leaf":0,"erased":true}`))
	f.Add([]byte(`{"at":"x","data":{"personal":{"a":"b"}},"personal":{"oid":"00"},"schema":1,"type":"access"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		v := readValues([][]byte{line})[0]
		var want personalLine
		if !v.bad && strict(line, &want) == nil && want.Leaf != v.leaf {
			t.Errorf("leaf %d; JSON says %d", v.leaf, want.Leaf)
		}
		if r := readRecords([][]byte{line})[0]; r.hash != tlog.RecordHash(line) {
			t.Error("another leaf hash")
		}
	})
}
