package auditdriver

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// A fake is a driver and its one transaction. It notes the first words of what it is told to do, and fails as said.
type fake struct {
	dialect string
	did     []string
	fail    map[string]error // by the first word
}

func (f *fake) do(what string) error {
	first, _, _ := strings.Cut(what, " ")
	f.did = append(f.did, first)
	return f.fail[first]
}

func (f *fake) Exec(_ context.Context, query string, _, _ any) error  { return f.do(query) }
func (f *fake) Query(_ context.Context, query string, _, _ any) error { return f.do(query) }
func (f *fake) ExecContext(_ context.Context, query string, _ ...any) (sql.Result, error) {
	return nil, f.do(query)
}
func (f *fake) Tx(context.Context) (dialect.Tx, error) { return f, nil }
func (f *fake) Commit() error                          { return f.do("COMMIT") }
func (f *fake) Rollback() error                        { return f.do("ROLLBACK") }
func (f *fake) Close() error                           { return nil }
func (f *fake) Dialect() string                        { return f.dialect }

func begin(t *testing.T, f *fake) *Tx {
	t.Helper()
	tx, err := New(f, auditlog.NewWriter(f.dialect, "", "log")).Tx(context.Background())
	require.NoError(t, err)
	return tx.(*Tx)
}

func entry() []*auditlog.Entry {
	return []*auditlog.Entry{{Action: auditlog.ActionCreate, ResourceType: "T", ResourceID: "1"}}
}

// What another goroutine commits, or does by itself, does not come between a change and its record.
func TestTurn(t *testing.T) {
	for name, other := range map[string]func(*Tx) error{
		"COMMIT": (*Tx).Commit,
		"RAW": func(tx *Tx) error {
			_, err := tx.ExecContext(context.Background(), "RAW statement")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{dialect: dialect.Postgres}
				tx := begin(t, f)
				release, err := tx.TakeTurn(context.Background())
				require.NoError(t, err)
				require.NoError(t, tx.Exec(context.Background(), "UPDATE t", nil, nil))
				done := make(chan error, 1)
				go func() { done <- other(tx) }()
				synctest.Wait()
				require.Equal(t, []string{"UPDATE"}, f.did, "it waits")
				require.NoError(t, tx.Record(context.Background(), entry()))
				release()
				require.NoError(t, <-done)
				require.Equal(t, []string{"UPDATE", "WITH", name}, f.did)
			})
		})
	}
}

func TestOver(t *testing.T) {
	tx := begin(t, &fake{dialect: dialect.Postgres})
	require.NoError(t, tx.Commit())
	_, err := tx.TakeTurn(context.Background())
	require.ErrorIs(t, err, sql.ErrTxDone)
	require.ErrorIs(t, tx.Record(context.Background(), entry()), sql.ErrTxDone, "nobody would write them")
}

// After an error it is found out whether the database has the transaction still: if not, what came then would be committed by itself.
func TestEnded(t *testing.T) {
	boom := errors.New("boom")
	within := errors.New("cannot start a transaction within a transaction")
	noSavepoint := errors.New("Error 1305 (42000): SAVEPOINT sqlaudit_there does not exist")
	duplicate := errors.New("Error 1062 (23000): Duplicate entry")
	deadlock := errors.New("Error 1213 (40001): Deadlock found when trying to get lock")
	for _, tt := range []struct {
		name, dialect string
		fail          map[string]error
		did           []string // after the statement that failed
		err           string
	}{
		{"there", dialect.SQLite, map[string]error{"UPDATE": boom, "BEGIN": within, "SELECT": errors.New("the entries")}, []string{"BEGIN", "SELECT", "BEGIN", "ROLLBACK"}, "the entries"},
		{"gone", dialect.SQLite, map[string]error{"UPDATE": boom}, []string{"BEGIN", "ROLLBACK", "ROLLBACK"}, "has rolled the transaction back: boom"},
		{"unknown", dialect.SQLite, map[string]error{"UPDATE": boom, "BEGIN": errors.New("locked")}, []string{"BEGIN", "BEGIN", "ROLLBACK"}, "may have rolled the transaction back: boom"},
		{"there", dialect.MySQL, map[string]error{"UPDATE": boom}, []string{"SAVEPOINT", "RELEASE", "INSERT", "COMMIT"}, ""},
		{"gone", dialect.MySQL, map[string]error{"UPDATE": boom, "RELEASE": noSavepoint}, []string{"SAVEPOINT", "RELEASE", "ROLLBACK"}, "has rolled the transaction back: boom"},
		{"unknown", dialect.MySQL, map[string]error{"UPDATE": boom, "SAVEPOINT": errors.New("busy")}, []string{"SAVEPOINT", "SAVEPOINT", "ROLLBACK"}, "may have rolled the transaction back: boom"},
		{"refused", dialect.MySQL, map[string]error{"UPDATE": duplicate}, []string{"INSERT", "COMMIT"}, ""},
		{"deadlock", dialect.MySQL, map[string]error{"UPDATE": deadlock}, []string{"ROLLBACK"}, "1213"},
		{"any", dialect.Postgres, map[string]error{"UPDATE": boom}, []string{"WITH", "COMMIT"}, ""},
	} {
		t.Run(tt.dialect+" "+tt.name, func(t *testing.T) {
			f := &fake{dialect: tt.dialect, fail: tt.fail}
			tx := begin(t, f)
			require.NoError(t, tx.Record(context.Background(), entry()))
			require.Error(t, tx.Exec(context.Background(), "UPDATE t", nil, nil))
			f.did = nil
			err := tx.Commit()
			require.Equal(t, tt.did, f.did)
			if tt.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, auditlog.ErrIncomplete)
			require.ErrorContains(t, err, tt.err)
			_, err = tx.TakeTurn(context.Background())
			require.Error(t, err, "nothing more goes through it")
		})
	}
}

// Of a statement that is interrupted, SQLite and its driver say so at once, or as its rows are read.
func TestEndedByInterrupt(t *testing.T) {
	db := testdb.SQLite.Open(t, nil)
	testdb.Exec(t, db, "CREATE TABLE t (v)")
	testdb.Exec(t, db, "INSERT INTO t VALUES (0)")
	base, err := entsql.OpenDB(dialect.SQLite, db).Tx(context.Background())
	require.NoError(t, err)
	tx := New(&fake{dialect: dialect.SQLite}, auditlog.NewWriter(dialect.SQLite, "", "log")).newTx(context.Background(), base)
	require.NoError(t, tx.Exec(context.Background(), "INSERT INTO t VALUES (1)", []any{}, nil))
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	rows := &entsql.Rows{}
	const slow = "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT count(*) FROM n)"
	if err = tx.Query(ctx, "UPDATE t SET v = "+slow+" RETURNING v", []any{}, rows); err == nil {
		require.False(t, rows.Next())
		err = errors.Join(rows.Err(), rows.Close())
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, tx.Exec(context.Background(), "INSERT INTO t VALUES (2)", []any{}, nil), "has rolled the transaction back")
	require.ErrorIs(t, tx.Commit(), auditlog.ErrIncomplete)
	var n int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM t").Scan(&n))
	require.Equal(t, 1, n)
}
