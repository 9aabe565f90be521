package bench

import (
	"fmt"
	"strings"

	"entgo.io/ent/dialect"
)

var accountColumns = []string{"name", "email", "city", "balance", "active", "region"}

// triggers keep a log by row, of what ent changes and of all else. They know no actor, reason or metadata.
var triggers = map[string][]string{
	dialect.Postgres: {postgresTrigger(), "CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION audit()"},
	dialect.MySQL:    otherTriggers(mysqlTrigger),
	dialect.SQLite:   otherTriggers(sqliteTrigger),
}

// each writes a text with the name of each column in the place of @.
func eachColumn(sep, text string) string {
	parts := make([]string, len(accountColumns))
	for i, c := range accountColumns {
		parts[i] = strings.ReplaceAll(text, "@", c)
	}
	return strings.Join(parts, sep)
}

func postgresTrigger() string {
	return `CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE o jsonb; n jsonb; k text;
BEGIN
	IF TG_OP = 'INSERT' THEN
		k := NEW.id; n := jsonb_build_object(` + eachColumn(", ", "'@', NEW.@") + `);
	ELSIF TG_OP = 'DELETE' THEN
		k := OLD.id; o := jsonb_build_object(` + eachColumn(", ", "'@', OLD.@") + `);
	ELSE
		k := NEW.id; o := '{}'; n := '{}';
		` + eachColumn("\n\t\t", "IF OLD.@ IS DISTINCT FROM NEW.@ THEN o := o || jsonb_build_object('@', OLD.@); n := n || jsonb_build_object('@', NEW.@); END IF;") + `
		IF n = '{}' THEN RETURN NULL; END IF;
	END IF;
	INSERT INTO audit_logs (id, tx_id, occurred_at, action, resource_type, resource_id, old_values, new_values)
	VALUES (gen_random_uuid(), lpad(to_hex(txid_current()), 32, '0')::uuid, clock_timestamp(), lower(TG_OP), 'Account', k, o, n);
	RETURN NULL;
END $$`
}

// otherTriggers are one for each kind of change, whose rows are called NEW, OLD or both.
func otherTriggers(body func(action, key, before, after string) string) []string {
	all := func(row string) string { return "JSON_OBJECT(" + eachColumn(", ", "'@', "+row+".@") + ")" }
	var out []string
	for _, t := range []struct{ event, action, key, before, after string }{
		{"INSERT", "create", "NEW.id", "NULL", all("NEW")},
		{"UPDATE", "update", "NEW.id", "", ""},
		{"DELETE", "delete", "OLD.id", all("OLD"), "NULL"},
	} {
		out = append(out, fmt.Sprintf("CREATE TRIGGER audit_%s AFTER %s ON accounts FOR EACH ROW %s", t.action, t.event, body(t.action, t.key, t.before, t.after)))
	}
	return out
}

const triggerInsert = "INSERT INTO audit_logs (id, tx_id, occurred_at, action, resource_type, resource_id, old_values, new_values) "

func mysqlTrigger(action, key, before, after string) string {
	insert := triggerInsert + "VALUES (UUID(), '00000000-0000-0000-0000-000000000000', UTC_TIMESTAMP(6), '" + action + "', 'Account', " + key
	if before != "" {
		return insert + ", " + before + ", " + after + ")"
	}
	return "BEGIN DECLARE o, n LONGTEXT DEFAULT '{}'; " +
		eachColumn(" ", "IF NOT (OLD.@ <=> NEW.@) THEN SET o = JSON_SET(o, '$.@', OLD.@), n = JSON_SET(n, '$.@', NEW.@); END IF;") +
		" IF n <> '{}' THEN " + insert + ", o, n); END IF; END"
}

func sqliteTrigger(action, key, before, after string) string {
	insert := triggerInsert + "SELECT lower(hex(randomblob(16))), '00000000-0000-0000-0000-000000000000', strftime('%Y-%m-%d %H:%M:%f'), '" + action + "', 'Account', " + key
	if before != "" {
		return "BEGIN " + insert + ", " + before + ", " + after + "; END"
	}
	return "BEGIN " + insert + ", JSON_GROUP_OBJECT(k, o), JSON_GROUP_OBJECT(k, n) FROM (" +
		eachColumn(" UNION ALL ", "SELECT '@' AS k, OLD.@ AS o, NEW.@ AS n WHERE OLD.@ IS NOT NEW.@") + ") HAVING count(*) > 0; END"
}
