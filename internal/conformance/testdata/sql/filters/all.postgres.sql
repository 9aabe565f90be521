-- user.HistoryOf(7, 8)
SELECT … FROM "audit_logs" WHERE "audit_logs"."resource_type" = $1 AND "audit_logs"."resource_id" IN ($2, $3) ORDER BY "audit_logs"."id"
-- User, 7, 8

-- Resource without ids
SELECT … FROM "audit_logs" WHERE "audit_logs"."resource_type" = $1 AND FALSE ORDER BY "audit_logs"."id"
-- User

-- Actor
SELECT … FROM "audit_logs" WHERE ("audit_logs"."actor_id" IN ($1) AND "audit_logs"."actor_id" IS NOT NULL AND "audit_logs"."actor_type" IN ($2) AND "audit_logs"."actor_type" IS NOT NULL) OR ("audit_logs"."actor_id" IN ($3) AND "audit_logs"."actor_id" IS NOT NULL) ORDER BY "audit_logs"."id"
-- 8, Job, 7

-- Impersonator
SELECT … FROM "audit_logs" WHERE "audit_logs"."impersonator_id" IN ($1) AND "audit_logs"."impersonator_id" IS NOT NULL ORDER BY "audit_logs"."id"
-- 7

-- During
SELECT … FROM "audit_logs" WHERE "audit_logs"."id" >= $1 AND "audit_logs"."id" < $2 ORDER BY "audit_logs"."id"
-- <id>, <id>

-- During, open
SELECT … FROM "audit_logs" WHERE "audit_logs"."id" IS NOT NULL ORDER BY "audit_logs"."id"
-- 

-- Metadata
SELECT … FROM "audit_logs" WHERE ("audit_logs"."metadata" IS NOT NULL AND "audit_logs"."metadata" ? $1) ORDER BY "audit_logs"."id"
-- a"b

-- MetadataValue
SELECT … FROM "audit_logs" WHERE ("audit_logs"."metadata" IS NOT NULL AND "audit_logs"."metadata" @> CAST(CAST($1 AS text) AS jsonb)) ORDER BY "audit_logs"."id"
-- {"ip":"::1"}

-- FieldChanged
SELECT … FROM "audit_logs" WHERE ("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" ? $1) OR ("audit_logs"."old_values" IS NOT NULL AND "audit_logs"."old_values" ? $2) OR ("audit_logs"."redacted" IS NOT NULL AND "audit_logs"."redacted" ? $3) OR ("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" ? $4) OR ("audit_logs"."old_values" IS NOT NULL AND "audit_logs"."old_values" ? $5) OR ("audit_logs"."redacted" IS NOT NULL AND "audit_logs"."redacted" ? $6) ORDER BY "audit_logs"."id"
-- name, name, name, email, email, email

-- user.EmailChanged
SELECT … FROM "audit_logs" WHERE "audit_logs"."resource_type" = $1 AND (("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" ? $2) OR ("audit_logs"."old_values" IS NOT NULL AND "audit_logs"."old_values" ? $3) OR ("audit_logs"."redacted" IS NOT NULL AND "audit_logs"."redacted" ? $4)) ORDER BY "audit_logs"."id"
-- User, email, email, email

-- user.EmailChangedFrom
SELECT … FROM "audit_logs" WHERE "audit_logs"."resource_type" = $1 AND ("audit_logs"."old_values" IS NOT NULL AND "audit_logs"."old_values" @> CAST(CAST($2 AS text) AS jsonb)) ORDER BY "audit_logs"."id"
-- User, {"email":"a"}

-- user.AgeChangedTo
SELECT … FROM "audit_logs" WHERE "audit_logs"."resource_type" = $1 AND (("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" @> CAST(CAST($2 AS text) AS jsonb)) OR ("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" @> CAST(CAST($3 AS text) AS jsonb))) ORDER BY "audit_logs"."id"
-- User, {"age":7}, {"age":"7"}

-- user.AgeChangedToNil
SELECT … FROM "audit_logs" WHERE "audit_logs"."resource_type" = $1 AND ("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" @> CAST(CAST($2 AS text) AS jsonb)) ORDER BY "audit_logs"."id"
-- User, {"age":null}

-- doc.ScoreChangedTo
SELECT … FROM "audit_logs" WHERE "audit_logs"."resource_type" = $1 AND ("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" @> CAST(CAST($2 AS text) AS jsonb)) ORDER BY "audit_logs"."id"
-- Doc, {"score":0.1}

-- doc.DueChangedTo
SELECT … FROM "audit_logs" WHERE "audit_logs"."resource_type" = $1 AND ("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" @> CAST(CAST($2 AS text) AS jsonb)) ORDER BY "audit_logs"."id"
-- Doc, {"due":"2026-02-03T03:05:06.000007Z"}

-- doc.ExtraChangedTo
SELECT … FROM "audit_logs" WHERE "audit_logs"."resource_type" = $1 AND ("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" @> CAST(CAST($2 AS text) AS jsonb) AND "audit_logs"."new_values" -> $3 = CAST(CAST($4 AS text) AS jsonb)) ORDER BY "audit_logs"."id"
-- Doc, {"extra":{"a":[null],"b":1}}, extra, {"a":[null],"b":1}

-- user.FriendsAdded
SELECT … FROM "audit_logs" WHERE "audit_logs"."resource_type" = $1 AND ("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" @> CAST(CAST($2 AS text) AS jsonb)) ORDER BY "audit_logs"."id"
-- User, {"friends":[7]}

-- user.GroupsRemoved
SELECT … FROM "audit_logs" WHERE "audit_logs"."resource_type" = $1 AND ("audit_logs"."old_values" IS NOT NULL AND "audit_logs"."old_values" @> CAST(CAST($2 AS text) AS jsonb)) ORDER BY "audit_logs"."id"
-- User, {"groups":["<id>"]}

-- patron.HistoryOf(7), which had other labels
SELECT … FROM "audit_logs" WHERE "audit_logs"."resource_type" IN ($1, $2, $3) AND "audit_logs"."resource_id" IN ($4) ORDER BY "audit_logs"."id"
-- Patron, Client, Guest, 7

-- patron.EmailChangedTo, which had other names
SELECT … FROM "audit_logs" WHERE "audit_logs"."resource_type" IN ($1, $2, $3) AND (("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" @> CAST(CAST($4 AS text) AS jsonb)) OR ("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" @> CAST(CAST($5 AS text) AS jsonb)) OR ("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" @> CAST(CAST($6 AS text) AS jsonb))) ORDER BY "audit_logs"."id"
-- Patron, Client, Guest, {"email":"a"}, {"mail":"a"}, {"address":"a"}

-- patron.MatesAdded, which had another name
SELECT … FROM "audit_logs" WHERE "audit_logs"."resource_type" IN ($1, $2, $3) AND (("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" @> CAST(CAST($4 AS text) AS jsonb)) OR ("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" @> CAST(CAST($5 AS text) AS jsonb))) ORDER BY "audit_logs"."id"
-- Patron, Client, Guest, {"mates":[7]}, {"friends":[7]}

-- Not
SELECT … FROM "audit_logs" WHERE NOT ("audit_logs"."resource_type" = $1 AND ("audit_logs"."new_values" IS NOT NULL AND "audit_logs"."new_values" @> CAST(CAST($2 AS text) AS jsonb))) ORDER BY "audit_logs"."id"
-- User, {"email":"a"}

