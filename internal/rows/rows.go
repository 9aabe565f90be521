// Package rows runs queries on ent's drivers, row by row.
package rows

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// Select calls each for every row that s selects. An error says what the query was for.
func Select(ctx context.Context, ex dialect.ExecQuerier, s *sql.Selector, what string, each func(*sql.Rows) error) error {
	if err := s.Err(); err != nil {
		return err
	}
	query, args := s.WithContext(ctx).Query()
	if err := Query(ctx, ex, query, args, each); err != nil {
		return fmt.Errorf("sqlaudit: %s: %w", what, err)
	}
	return nil
}

// Query calls each for every row of a query.
func Query(ctx context.Context, ex dialect.ExecQuerier, query string, args []any, each func(*sql.Rows) error) error {
	if args == nil {
		args = []any{} // ent's drivers take no nil
	}
	rows := &sql.Rows{}
	if err := ex.Query(ctx, query, args, rows); err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
