//go:build unix

// Package postgres runs the suite of a store on a real PostgreSQL, which it
// starts in a temporary folder. PLUVIA_POSTGRES names a running one instead,
// as postgres://...; the tests make schemas in it.
package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/store"
	"github.com/pluvia-ml/pluvia/store/storetest"
)

// address is the variable that names the server, also to the test's children.
const address = "PLUVIA_POSTGRES"

func TestMain(m *testing.M) {
	if os.Getenv(address) != "" {
		os.Exit(m.Run())
	}
	programs, err := find()
	if err != nil {
		if os.Getenv("CI") == "true" {
			fmt.Fprintln(os.Stderr, "store/postgres:", err)
			os.Exit(1)
		}
		fmt.Println("testing: warning: no tests to run") // go test shows it behind the package
		os.Exit(0)
	}
	os.Exit(run(m, programs))
}

// find is the folder of PostgreSQL's programs, of the newest version.
func find() (string, error) {
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // no pattern error
	slices.SortFunc(folders, func(a, b string) int { return len(b) - len(a) + strings.Compare(b, a) })
	for _, folder := range append(folders, filepath.SplitList(os.Getenv("PATH"))...) {
		_, errInit := exec.LookPath(filepath.Join(folder, "initdb"))
		_, errServer := exec.LookPath(filepath.Join(folder, "postgres"))
		if errInit == nil && errServer == nil {
			return folder, nil
		}
	}
	return "", errors.New("no PostgreSQL: install postgresql, or name a server in " + address)
}

func run(m *testing.M, programs string) int {
	stop, err := start(programs)
	defer stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "store/postgres: start:", err)
		return 1
	}
	return m.Run()
}

// start starts a server whose locale orders texts otherwise than their bytes.
func start(programs string) (stop func(), err error) {
	dir, err := os.MkdirTemp("", "pluvia-postgres")
	stop = func() { os.RemoveAll(dir) }
	if err != nil {
		return stop, err
	}
	as, err := unprivileged(dir)
	if err != nil {
		return stop, err
	}
	data := filepath.Join(dir, "data")
	command := func(name string, args ...string) (*exec.Cmd, *bytes.Buffer) {
		c := exec.Command(filepath.Join(programs, name), args...)
		out := new(bytes.Buffer)
		c.Dir, c.Stdout, c.Stderr, c.SysProcAttr = dir, out, out, as
		return c, out
	}
	initdb, out := command("initdb", "-D", data, "-U", "pluvia", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en", "--no-sync")
	if err := initdb.Run(); err != nil {
		return stop, fmt.Errorf("initdb: %w: %s", err, out)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return stop, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	// The machine does not fail in these tests, so the disk need not be waited for.
	server, out := command("postgres", "-D", data, "-k", dir, "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-c", "fsync=off", "-c", "max_connections=200")
	if err := server.Start(); err != nil {
		return stop, err
	}
	stop = func() {
		_ = server.Process.Signal(syscall.SIGQUIT) // at once
		_ = server.Wait()
		os.RemoveAll(dir)
	}
	os.Setenv(address, fmt.Sprintf("postgres://pluvia@127.0.0.1:%d/postgres", port))
	db, err := sql.Open("pgx", os.Getenv(address))
	if err != nil {
		return stop, err
	}
	defer db.Close()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if err = db.Ping(); err == nil {
			return stop, nil
		}
		if time.Now().After(deadline) {
			return stop, fmt.Errorf("%w: %s", err, out)
		}
	}
}

// unprivileged gives the folder to somebody else when we are root, as whom
// PostgreSQL refuses to run.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		who, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, int(uid), int(gid))
}

var schemas atomic.Int64

// schema makes an empty schema and gives the address of it.
func schema(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("pluvia_%d_%d", os.Getpid(), schemas.Add(1))
	db, err := sql.Open("pgx", os.Getenv(address))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE SCHEMA ` + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		db, err := sql.Open("pgx", os.Getenv(address))
		if err == nil {
			defer db.Close()
			_, err = db.Exec(`DROP SCHEMA ` + name + ` CASCADE`)
		}
		if err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(os.Getenv(address))
	if err != nil {
		t.Fatal(err)
	}
	settings := u.Query()
	settings.Set("search_path", name)
	u.RawQuery = settings.Encode()
	return u.String()
}

func open(t *testing.T, at string) pluvia.Tracking {
	s, err := store.Open(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, func(t *testing.T) pluvia.Tracking { return open(t, schema(t)) })
}

func TestDurable(t *testing.T) {
	storetest.ExerciseDurable(t, schema(t), open)
}

// TestOpenTogether has several processes make the tables at once.
func TestOpenTogether(t *testing.T) {
	t.Parallel()
	at := schema(t)
	errs := make(chan error)
	for range 8 {
		go func() {
			s, err := store.Open(context.Background(), at)
			if err == nil {
				err = errors.Join(s.CreateRun(context.Background(), &pluvia.Run{ExperimentID: "0"}), s.Close())
			}
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("pgx", os.Getenv(address))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ascii := fmt.Sprintf("pluvia_ascii_%d", os.Getpid())
	if _, err := db.Exec(`CREATE DATABASE ` + ascii + ` TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'`); err != nil {
		t.Fatal(err)
	}
	defer db.Exec(`DROP DATABASE ` + ascii + ` WITH (FORCE)`)
	for name, want := range map[string]struct {
		code     pluvia.Code
		mentions string
	}{
		"/none":      {pluvia.Unavailable, "no such database"},
		"/" + ascii:  {pluvia.Invalid, "UTF8"},
		"/postgres":  {"", ""},
		"/post%zzes": {pluvia.Invalid, "postgres://"},
	} {
		at := strings.Replace(os.Getenv(address), "/postgres", name, 1)
		at = strings.Replace(at, "pluvia@", "pluvia:hidden@", 1)
		if name == "/postgres" {
			at = schema(t)
		}
		s, err := store.Open(t.Context(), at)
		if err == nil {
			s.Close()
		}
		if pluvia.ErrorCode(err) != want.code || !strings.Contains(pluvia.ErrorMessage(err), want.mentions) && err != nil {
			t.Errorf("open %s: %v of code %q, want %+v", name, err, pluvia.ErrorCode(err), want)
		}
		if err != nil && strings.Contains(err.Error(), "hidden") {
			t.Errorf("open %s tells the password: %v", name, err)
		}
	}
}

// TestConnectionLost: connections that were cut are opened anew.
func TestConnectionLost(t *testing.T) {
	t.Parallel()
	name := fmt.Sprintf("lost_%d", os.Getpid())
	s := open(t, schema(t)+"&application_name="+name)
	defer s.Close()
	db, err := sql.Open("pgx", os.Getenv(address))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var cut int
	if err := db.QueryRow(`SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1`, name).Scan(&cut); err != nil || cut == 0 {
		t.Fatalf("%d connections cut, %v", cut, err)
	}
	for range cut + 1 {
		err = s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: "0"})
		if code := pluvia.ErrorCode(err); code != "" && code != pluvia.Unavailable {
			t.Fatalf("after the loss: %v of code %s", err, code)
		}
	}
	if err != nil {
		t.Errorf("after the loss: %v", err)
	}
}
