// Checks history files of quorate with Porcupine, and says how long that took: of each file a JSON object when it was
// read, and another one when it was checked.
//
//	beside -model register -timeout 60s -repeat 50ms FILE...
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

type reading struct {
	File string  `json:"file"`
	Ops  int     `json:"ops"`
	Read float64 `json:"read"`
}

type answer struct {
	File    string  `json:"file"`
	Verdict string  `json:"verdict"`
	Check   float64 `json:"check"`
}

var verdicts = map[porcupine.CheckResult]string{
	porcupine.Ok:      "valid",
	porcupine.Illegal: "invalid",
	porcupine.Unknown: "unknown",
}

func main() {
	name := flag.String("model", "register", "one of: register, cas-register, kv, fifo-queue, stack, set, counter")
	timeout := flag.Duration("timeout", time.Minute, "of one check")
	repeat := flag.Duration("repeat", 0, "check for so long, and say what the fastest check took")
	readOnly := flag.Bool("read", false, "only read")
	flag.Parse()
	model, known := models[*name]
	if !known {
		fmt.Fprintf(os.Stderr, "there is no model %q\n", *name)
		os.Exit(64)
	}
	for _, path := range flag.Args() {
		start := time.Now()
		operations, err := read(path)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			os.Exit(3)
		}
		say(reading{File: path, Ops: len(operations), Read: time.Since(start).Seconds()})
		if *readOnly {
			continue
		}
		result, seconds := check(model, operations, *timeout, *repeat)
		say(answer{File: path, Verdict: verdicts[result], Check: seconds})
	}
}

func say(what interface{}) {
	line, _ := json.Marshal(what)
	fmt.Println(string(line))
}

func check(
	model porcupine.Model, operations []porcupine.Operation, timeout, repeat time.Duration,
) (porcupine.CheckResult, float64) {
	for best, all := time.Duration(math.MaxInt64), time.Duration(0); ; {
		start := time.Now()
		result := porcupine.CheckOperationsTimeout(model, operations, timeout)
		took := time.Since(start)
		best, all = min(best, took), all+took
		if all >= repeat {
			return result, best.Seconds()
		}
	}
}
