package main

import "github.com/anishathalye/porcupine"

// What an object does to a request, or that it cannot have given that reply.
type step func(state interface{}, asked request, got reply) (bool, interface{})

func model(initial interface{}, does step, independent func(request) int) porcupine.Model {
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			place := map[int]int{}
			var parts [][]porcupine.Operation
			for _, operation := range history {
				key := independent(operation.Input.(request))
				at, known := place[key]
				if !known {
					at = len(parts)
					place[key] = at
					parts = append(parts, nil)
				}
				parts[at] = append(parts[at], operation)
			}
			return parts
		},
		Init: func() interface{} { return initial },
		Step: func(state, in, out interface{}) (bool, interface{}) {
			return does(state, in.(request), out.(reply))
		},
	}
}

func byKey(asked request) int { return asked.key }

func register(state interface{}, asked request, got reply) (bool, interface{}) {
	switch asked.f {
	case "read":
		return got.value == state.(int), state
	case "write":
		return true, asked.argument
	}
	expected := state.(int) == asked.argument
	switch {
	case got.mismatch:
		return !expected, state
	case expected:
		return true, asked.new
	}
	// Of unknown outcome, it may have found another value.
	return got.unknown, state
}

func kv(state interface{}, asked request, got reply) (bool, interface{}) {
	switch asked.f {
	case "get":
		return got.text == state.(string), state
	case "put":
		return true, asked.text
	case "delete":
		return true, ""
	}
	return true, state.(string) + asked.text
}

func counter(state interface{}, asked request, got reply) (bool, interface{}) {
	if asked.f == "read" {
		return got.number == state.(int64), state
	}
	return true, state.(int64) + asked.delta
}

// Elements are independent; the state is whether this one is there.
func set(state interface{}, asked request, got reply) (bool, interface{}) {
	there := state.(bool)
	switch asked.f {
	case "add":
		return true, true
	case "remove":
		return got.unknown || there, false
	}
	return got.truth == there, state
}

// Values in order. Two sequences with the same hash are taken for equal, as a kindness: comparing them is not free.
type cell struct {
	value int
	next  *cell
}

const base = 0x9E3779B97F4A7C15

type sequence struct {
	size int
	hash uint64
}

type stackState struct {
	top *cell
	sequence
}

func stack(state interface{}, asked request, got reply) (bool, interface{}) {
	now := state.(stackState)
	if asked.f == "push" {
		hash := now.hash*base + uint64(asked.argument)
		return true, stackState{&cell{asked.argument, now.top}, sequence{now.size + 1, hash}}
	}
	if now.top == nil {
		return got.unknown || got.value == 0, now
	}
	if !got.unknown && got.value != now.top.value {
		return false, now
	}
	hash := (now.hash - uint64(now.top.value)) * inverse
	return true, stackState{now.top.next, sequence{now.size - 1, hash}}
}

// The inverse of base modulo 2^64, by Newton's method.
var inverse = func() uint64 {
	x := uint64(base)
	for i := 0; i < 6; i++ {
		x *= 2 - base*x
	}
	return x
}()

// A queue of two lists: what is taken next, and, turned round, what came last.
type queueState struct {
	front, back *cell
	// base to the power of the size.
	power uint64
	sequence
}

func queue(state interface{}, asked request, got reply) (bool, interface{}) {
	now := state.(queueState)
	if asked.f == "enqueue" {
		hash := now.hash*base + uint64(asked.argument)
		back := &cell{asked.argument, now.back}
		return true, queueState{now.front, back, now.power * base, sequence{now.size + 1, hash}}
	}
	if now.size == 0 {
		return got.unknown || got.value == 0, now
	}
	if now.front == nil {
		for one := now.back; one != nil; one = one.next {
			now.front = &cell{one.value, now.front}
		}
		now.back = nil
	}
	first := now.front.value
	if !got.unknown && got.value != first {
		return false, state
	}
	power := now.power * inverse
	return true, queueState{now.front.next, now.back, power, sequence{now.size - 1, now.hash - uint64(first)*power}}
}

func sequences(kind porcupine.Model, of func(interface{}) sequence) porcupine.Model {
	kind.Equal = func(one, two interface{}) bool { return of(one) == of(two) }
	kind.Hash = func(state interface{}) uint64 { return of(state).hash }
	return kind
}

var models = map[string]porcupine.Model{
	"register":     model(0, register, byKey),
	"cas-register": model(0, register, byKey),
	"kv":           model("", kv, byKey),
	"counter":      model(int64(0), counter, byKey),
	"set":          model(false, set, func(asked request) int { return asked.argument }),
	"stack": sequences(model(stackState{}, stack, byKey), func(state interface{}) sequence {
		return state.(stackState).sequence
	}),
	"fifo-queue": sequences(model(queueState{power: 1}, queue, byKey), func(state interface{}) sequence {
		return state.(queueState).sequence
	}),
}
