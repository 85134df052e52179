package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"strings"

	"github.com/anishathalye/porcupine"
)

// One event of a history file.
type event struct {
	Index   int64           `json:"index"`
	Process int             `json:"process"`
	Type    string          `json:"type"`
	F       string          `json:"f"`
	Key     json.RawMessage `json:"key"`
	Value   json.RawMessage `json:"value"`
	Error   string          `json:"error"`
}

// What was asked. Values are numbered, so that models compare integers; null is 0.
type request struct {
	f        string
	key      int
	argument int
	// Of a cas, what it writes; argument is what it expects.
	new int
	// The argument as a number, for counters; as a text, for kv.
	delta int64
	text  string
}

type reply struct {
	value   int
	number  int64
	text    string
	truth   bool
	told    bool
	unknown bool
	// The cas found another value than it expected.
	mismatch bool
}

type reader struct {
	codes map[string]int
}

func (r *reader) code(raw json.RawMessage) int {
	if len(raw) == 0 || string(raw) == "null" {
		return 0
	}
	code, known := r.codes[string(raw)]
	if !known {
		code = len(r.codes) + 1
		r.codes[string(raw)] = code
	}
	return code
}

func (r *reader) request(e event) (request, error) {
	asked := request{f: e.F, key: r.code(e.Key)}
	if e.F == "cas" {
		var pair []json.RawMessage
		if err := json.Unmarshal(e.Value, &pair); err != nil || len(pair) != 2 {
			return asked, fmt.Errorf("event %d: a cas of %s", e.Index, e.Value)
		}
		asked.argument, asked.new = r.code(pair[0]), r.code(pair[1])
		return asked, nil
	}
	asked.argument = r.code(e.Value)
	asked.delta, asked.text = number(e.Value), text(e.Value)
	return asked, nil
}

func number(raw json.RawMessage) int64 {
	var value int64
	_ = json.Unmarshal(raw, &value)
	return value
}

func text(raw json.RawMessage) string {
	var value string
	_ = json.Unmarshal(raw, &value)
	return value
}

// The operations that say something: no failures but those that are observations, no reads without an answer.
func read(path string) ([]porcupine.Operation, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := reader{codes: map[string]int{}}
	open := map[int]porcupine.Operation{}
	var operations, unknown []porcupine.Operation
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<16), 1<<24)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, err
		}
		if e.Type == "invoke" {
			asked, err := r.request(e)
			if err != nil {
				return nil, err
			}
			open[e.Process] = porcupine.Operation{ClientId: max(e.Process, 0), Input: asked, Call: e.Index}
			continue
		}
		operation, known := open[e.Process]
		if !known {
			continue
		}
		delete(open, e.Process)
		observed := e.Type == "fail" && strings.HasPrefix(e.Error, "cas-mismatch")
		if e.Type == "fail" && !observed {
			continue
		}
		answer := reply{value: r.code(e.Value), number: number(e.Value), text: text(e.Value)}
		answer.truth, answer.mismatch = string(e.Value) == "true", observed
		answer.told = answer.truth || string(e.Value) == "false"
		operation.Output = answer
		operation.Return = e.Index
		if e.Type == "info" {
			unknown = append(unknown, operation)
			continue
		}
		operations = append(operations, operation)
	}
	for _, operation := range open {
		unknown = append(unknown, operation)
	}
	sort.Slice(unknown, func(i, j int) bool { return unknown[i].Call < unknown[j].Call })
	for _, operation := range unknown {
		if f := operation.Input.(request).f; f == "read" || f == "get" || f == "contains" {
			continue
		}
		operation.Output, operation.Return = reply{unknown: true}, math.MaxInt64
		operations = append(operations, operation)
	}
	return operations, lines.Err()
}
