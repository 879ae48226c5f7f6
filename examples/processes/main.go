// Processes shows two processes that share a database and a region in Redis: what one
// reads the other is served, and what one writes the other's next read shows. It
// starts the second process itself, prints what each step costs in SQL statements,
// counted below database/sql, and exits with status 1 if a step costs other than
// stated or shows another price.
package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
)

var (
	address = flag.String("redis", "127.0.0.1:6379", "address of a Redis server")
	file    = flag.String("database", "", "file of the shop, for the second process")
	name    = flag.String("name", "", "name of the shop's database, for the second process")
)

func main() {
	flag.Parse()
	run := lead
	if *file != "" {
		run = follow
	}
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

// lead opens a new shop, starts the second process, and shows both around.
func lead() (err error) {
	dir, err := os.MkdirTemp("", "cacheops-processes")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	*file, *name = filepath.Join(dir, "shop.db"), "shop-"+rand.Text()
	here, err := open(*file, *name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, here.Close()) }()
	if err := here.stock(); err != nil {
		return err
	}
	there, err := start()
	if err != nil {
		return err
	}
	return errors.Join(tour(here, there), there.stop())
}

// tour is the demonstration.
func tour(here *shop, there *other) error {
	fmt.Println("Redis has not heard of this shop: for a lease, its journals are not relied on")
	if err := here.wait(); err != nil {
		return err
	}
	t := &tally{}
	fmt.Println("\nWhat one process has read, both are served")
	t.step(1, 100, "this process reads product 1", func() (report, error) { return here.read(1) })
	t.step(0, 100, "and again", func() (report, error) { return here.read(1) })
	t.step(0, 100, "the other process reads it", func() (report, error) { return there.ask("read 1") })
	t.step(1, 100, "the other process reads product 2", func() (report, error) { return there.ask("read 2") })
	t.step(0, 100, "this process reads that", func() (report, error) { return here.read(2) })

	fmt.Println("\nWhat one process writes, the other's next read shows")
	for _, price := range []int64{150, 175} {
		t.step(1, price, "the other process changes product 1", func() (report, error) { return there.ask(fmt.Sprint("write 1 ", price)) })
		t.step(1, price, "this process reads it: fresh", func() (report, error) { return here.read(1) })
		t.step(0, 100, "this process reads product 2: still cached", func() (report, error) { return here.read(2) })
	}
	t.step(1, 200, "this process changes product 2", func() (report, error) { return here.write(2, 200) })
	t.step(1, 200, "the other process reads it: fresh", func() (report, error) { return there.ask("read 2") })
	t.step(0, 175, "the other process reads product 1: still cached", func() (report, error) { return there.ask("read 1") })
	return t.verdict()
}

// follow does in the second process what it is asked for, line by line.
func follow() (err error) {
	s, err := open(*file, *name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var what string
		var id uint
		var price int64
		_, _ = fmt.Sscan(lines.Text(), &what, &id, &price) // a read has no price
		r, err := s.do(what, id, price)
		if err != nil {
			return err
		}
		fmt.Println(r.statements, r.price)
	}
	return nil
}

// other is the second process.
type other struct {
	*exec.Cmd
	requests io.WriteCloser
	answers  *bufio.Scanner
}

func start() (*other, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	o := &other{Cmd: exec.Command(self, "-redis", *address, "-database", *file, "-name", *name)}
	o.Stderr = os.Stderr
	if o.requests, err = o.StdinPipe(); err != nil {
		return nil, err
	}
	answers, err := o.StdoutPipe()
	if err != nil {
		return nil, err
	}
	o.answers = bufio.NewScanner(answers)
	return o, o.Start()
}

// ask has the process do something, and returns what it reports.
func (o *other) ask(what string) (r report, err error) {
	if _, err := fmt.Fprintln(o.requests, what); err != nil {
		return r, err
	}
	if !o.answers.Scan() {
		return r, fmt.Errorf("the other process does not answer: %w", errors.Join(o.answers.Err(), io.ErrUnexpectedEOF))
	}
	_, err = fmt.Sscan(o.answers.Text(), &r.statements, &r.price)
	return r, err
}

// stop lets the process come to its end.
func (o *other) stop() error { return errors.Join(o.requests.Close(), o.Wait()) }

// tally counts the steps that did not go as stated.
type tally struct {
	wrong int
	err   error
}

// step does one step, unless one before it has failed, and prints what it cost.
func (t *tally) step(statements int, price int64, what string, do func() (report, error)) {
	if t.err != nil {
		return
	}
	got, err := do()
	if err != nil {
		t.err = fmt.Errorf("%s: %w", what, err)
		return
	}
	verdict := ""
	if want := (report{statements, price}); got != want {
		verdict = fmt.Sprintf("   <- should be %d SQL, %d", want.statements, want.price)
		t.wrong++
	}
	fmt.Printf("%3d SQL  %s: %d%s\n", got.statements, what, got.price, verdict)
}

func (t *tally) verdict() error {
	if t.err == nil && t.wrong > 0 {
		return fmt.Errorf("%d steps did not go as they should", t.wrong)
	}
	return t.err
}
