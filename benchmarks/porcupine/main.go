// Checks history files of quorate with Porcupine, and says how long that took: one JSON object for each file.
//
//	beside -model register -timeout 60s FILE...
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

type answer struct {
	File    string  `json:"file"`
	Ops     int     `json:"ops"`
	Verdict string  `json:"verdict"`
	Read    float64 `json:"read"`
	Check   float64 `json:"check"`
}

var verdicts = map[porcupine.CheckResult]string{
	porcupine.Ok:      "valid",
	porcupine.Illegal: "invalid",
	porcupine.Unknown: "did not finish",
}

func main() {
	name := flag.String("model", "register", "one of: register, cas-register, kv, fifo-queue, stack, set, counter")
	timeout := flag.Duration("timeout", time.Minute, "of one check")
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
		middle := time.Now()
		result := porcupine.CheckOperationsTimeout(model, operations, *timeout)
		said, _ := json.Marshal(answer{
			File:    path,
			Ops:     len(operations),
			Verdict: verdicts[result],
			Read:    middle.Sub(start).Seconds(),
			Check:   time.Since(middle).Seconds(),
		})
		fmt.Println(string(said))
	}
}
