-- user.HistoryOf(7, 8)
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND `audit_logs`.`resource_id` IN (?, ?) ORDER BY `audit_logs`.`id`
-- User, 7, 8

-- Resource without ids
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND FALSE ORDER BY `audit_logs`.`id`
-- User

-- Actor
SELECT … FROM `audit_logs` WHERE (`audit_logs`.`actor_id` IN (?) AND `audit_logs`.`actor_id` IS NOT NULL AND `audit_logs`.`actor_type` IN (?) AND `audit_logs`.`actor_type` IS NOT NULL) OR (`audit_logs`.`actor_id` IN (?) AND `audit_logs`.`actor_id` IS NOT NULL) ORDER BY `audit_logs`.`id`
-- 8, Job, 7

-- Impersonator
SELECT … FROM `audit_logs` WHERE `audit_logs`.`impersonator_id` IN (?) AND `audit_logs`.`impersonator_id` IS NOT NULL ORDER BY `audit_logs`.`id`
-- 7

-- During
SELECT … FROM `audit_logs` WHERE `audit_logs`.`id` >= ? AND `audit_logs`.`id` < ? ORDER BY `audit_logs`.`id`
-- <id>, <id>

-- During, open
SELECT … FROM `audit_logs` WHERE `audit_logs`.`id` IS NOT NULL ORDER BY `audit_logs`.`id`
-- 

-- Metadata
SELECT … FROM `audit_logs` WHERE EXISTS (SELECT 1 FROM json_each(`audit_logs`.`metadata`) WHERE "key" = ?) ORDER BY `audit_logs`.`id`
-- a"b

-- MetadataValue
SELECT … FROM `audit_logs` WHERE EXISTS (SELECT 1 FROM json_each(`audit_logs`.`metadata`) AS k WHERE k."key" = ? AND k."type" = 'text' AND k."value" = ?) ORDER BY `audit_logs`.`id`
-- ip, ::1

-- FieldChanged
SELECT … FROM `audit_logs` WHERE EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) WHERE "key" = ?) OR EXISTS (SELECT 1 FROM json_each(`audit_logs`.`old_values`) WHERE "key" = ?) OR EXISTS (SELECT 1 FROM json_each(`audit_logs`.`redacted`) WHERE "value" = ?) OR EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) WHERE "key" = ?) OR EXISTS (SELECT 1 FROM json_each(`audit_logs`.`old_values`) WHERE "key" = ?) OR EXISTS (SELECT 1 FROM json_each(`audit_logs`.`redacted`) WHERE "value" = ?) ORDER BY `audit_logs`.`id`
-- name, name, name, email, email, email

-- user.EmailChanged
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND (EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) WHERE "key" = ?) OR EXISTS (SELECT 1 FROM json_each(`audit_logs`.`old_values`) WHERE "key" = ?) OR EXISTS (SELECT 1 FROM json_each(`audit_logs`.`redacted`) WHERE "value" = ?)) ORDER BY `audit_logs`.`id`
-- User, email, email, email

-- user.EmailChangedFrom
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND EXISTS (SELECT 1 FROM json_each(`audit_logs`.`old_values`) AS k WHERE k."key" = ? AND k."type" = 'text' AND k."value" = ?) ORDER BY `audit_logs`.`id`
-- User, email, a

-- user.AgeChangedTo
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND (EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) AS k WHERE k."key" = ? AND k."type" IN ('integer', 'real') AND k."value" = ?) OR EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) AS k WHERE k."key" = ? AND k."type" = 'text' AND k."value" = ?)) ORDER BY `audit_logs`.`id`
-- User, age, 7, age, 7

-- user.AgeChangedToNil
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) AS k WHERE k."key" = ? AND k."type" = ?) ORDER BY `audit_logs`.`id`
-- User, age, null

-- doc.ScoreChangedTo
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) AS k WHERE k."key" = ? AND `audit_logs`.`new_values` -> k.fullkey = ?) ORDER BY `audit_logs`.`id`
-- Doc, score, 0.1

-- doc.DueChangedTo
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) AS k WHERE k."key" = ? AND k."type" = 'text' AND length(k."value") >= 20 AND strftime('%s', substr(k."value", 1, 19)) - CASE WHEN substr(k."value", -1) = 'Z' THEN 0 ELSE (substr(k."value", -6, 1) || '1') * (substr(k."value", -5, 2) * 3600 + substr(k."value", -2) * 60) END = ? AND substr(k."value", 20, length(k."value") - 19 - CASE WHEN substr(k."value", -1) = 'Z' THEN 1 ELSE 6 END) = ?) ORDER BY `audit_logs`.`id`
-- Doc, due, 1770087906, .000007

-- doc.ExtraChangedTo
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) AS k WHERE k."key" = ? AND NOT EXISTS (SELECT fullkey, CASE type WHEN 'real' THEN 'integer' ELSE type END, atom FROM json_tree(CASE WHEN k."type" IN ('array', 'object') THEN k."value" ELSE 'null' END) EXCEPT SELECT fullkey, CASE type WHEN 'real' THEN 'integer' ELSE type END, atom FROM json_tree(?)) AND NOT EXISTS (SELECT fullkey, CASE type WHEN 'real' THEN 'integer' ELSE type END, atom FROM json_tree(?) EXCEPT SELECT fullkey, CASE type WHEN 'real' THEN 'integer' ELSE type END, atom FROM json_tree(CASE WHEN k."type" IN ('array', 'object') THEN k."value" ELSE 'null' END))) ORDER BY `audit_logs`.`id`
-- Doc, extra, {"a":[null],"b":1}, {"a":[null],"b":1}

-- user.FriendsAdded
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) AS k, json_each(CASE k."type" WHEN 'array' THEN k."value" ELSE '[]' END) AS v WHERE k."key" = ? AND v."type" IN ('integer', 'real') AND v."value" = ?) ORDER BY `audit_logs`.`id`
-- User, friends, 7

-- user.GroupsRemoved
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND EXISTS (SELECT 1 FROM json_each(`audit_logs`.`old_values`) AS k, json_each(CASE k."type" WHEN 'array' THEN k."value" ELSE '[]' END) AS v WHERE k."key" = ? AND v."type" = 'text' AND v."value" = ?) ORDER BY `audit_logs`.`id`
-- User, groups, <id>

-- patron.HistoryOf(7), which had other labels
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND `audit_logs`.`resource_id` IN (?) ORDER BY `audit_logs`.`id`
-- Patron, Client, Guest, 7

-- patron.EmailChangedTo, which had other names
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND (EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) AS k WHERE k."key" = ? AND k."type" = 'text' AND k."value" = ?) OR EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) AS k WHERE k."key" = ? AND k."type" = 'text' AND k."value" = ?) OR EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) AS k WHERE k."key" = ? AND k."type" = 'text' AND k."value" = ?)) ORDER BY `audit_logs`.`id`
-- Patron, Client, Guest, email, a, mail, a, address, a

-- patron.MatesAdded, which had another name
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND (EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) AS k, json_each(CASE k."type" WHEN 'array' THEN k."value" ELSE '[]' END) AS v WHERE k."key" = ? AND v."type" IN ('integer', 'real') AND v."value" = ?) OR EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) AS k, json_each(CASE k."type" WHEN 'array' THEN k."value" ELSE '[]' END) AS v WHERE k."key" = ? AND v."type" IN ('integer', 'real') AND v."value" = ?)) ORDER BY `audit_logs`.`id`
-- Patron, Client, Guest, mates, 7, friends, 7

-- Not
SELECT … FROM `audit_logs` WHERE NOT (`audit_logs`.`resource_type` = ? AND EXISTS (SELECT 1 FROM json_each(`audit_logs`.`new_values`) AS k WHERE k."key" = ? AND k."type" = 'text' AND k."value" = ?)) ORDER BY `audit_logs`.`id`
-- User, email, a

