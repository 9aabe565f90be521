-- user.HistoryOf(7, 8)
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND (`audit_logs`.`resource_id` IN (?, ?) AND `audit_logs`.`resource_id` NOT LIKE '% ') ORDER BY `audit_logs`.`id`
-- User, 7, 8

-- Resource without ids
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND FALSE ORDER BY `audit_logs`.`id`
-- User

-- Actor
SELECT … FROM `audit_logs` WHERE ((`audit_logs`.`actor_id` IN (?) AND `audit_logs`.`actor_id` NOT LIKE '% ') AND `audit_logs`.`actor_id` IS NOT NULL AND (`audit_logs`.`actor_type` IN (?) AND `audit_logs`.`actor_type` NOT LIKE '% ') AND `audit_logs`.`actor_type` IS NOT NULL) OR ((`audit_logs`.`actor_id` IN (?) AND `audit_logs`.`actor_id` NOT LIKE '% ') AND `audit_logs`.`actor_id` IS NOT NULL) ORDER BY `audit_logs`.`id`
-- 8, Job, 7

-- Impersonator
SELECT … FROM `audit_logs` WHERE (`audit_logs`.`impersonator_id` IN (?) AND `audit_logs`.`impersonator_id` NOT LIKE '% ') AND `audit_logs`.`impersonator_id` IS NOT NULL ORDER BY `audit_logs`.`id`
-- 7

-- During
SELECT … FROM `audit_logs` WHERE `audit_logs`.`id` >= ? AND `audit_logs`.`id` < ? ORDER BY `audit_logs`.`id`
-- <id>, <id>

-- During, open
SELECT … FROM `audit_logs` WHERE `audit_logs`.`id` IS NOT NULL ORDER BY `audit_logs`.`id`
-- 

-- Metadata
SELECT … FROM `audit_logs` WHERE COALESCE(JSON_CONTAINS_PATH(`audit_logs`.`metadata`, 'one', ?), 0) ORDER BY `audit_logs`.`id`
-- $."a\"b"

-- MetadataValue
SELECT … FROM `audit_logs` WHERE COALESCE(/*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(`audit_logs`.`metadata`, ?) /*M!100700 ) COLLATE utf8mb4_bin */ = /*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(CONVERT(? USING utf8mb4), '$') /*M!100700 ) COLLATE utf8mb4_bin */, 0) ORDER BY `audit_logs`.`id`
-- $."ip", "::1"

-- FieldChanged
SELECT … FROM `audit_logs` WHERE COALESCE(JSON_CONTAINS_PATH(`audit_logs`.`new_values`, 'one', ?), 0) OR COALESCE(JSON_CONTAINS_PATH(`audit_logs`.`old_values`, 'one', ?), 0) OR COALESCE(JSON_CONTAINS(`audit_logs`.`redacted`, ?), 0) OR COALESCE(JSON_CONTAINS_PATH(`audit_logs`.`new_values`, 'one', ?), 0) OR COALESCE(JSON_CONTAINS_PATH(`audit_logs`.`old_values`, 'one', ?), 0) OR COALESCE(JSON_CONTAINS(`audit_logs`.`redacted`, ?), 0) ORDER BY `audit_logs`.`id`
-- $."name", $."name", "name", $."email", $."email", "email"

-- user.EmailChanged
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND (COALESCE(JSON_CONTAINS_PATH(`audit_logs`.`new_values`, 'one', ?), 0) OR COALESCE(JSON_CONTAINS_PATH(`audit_logs`.`old_values`, 'one', ?), 0) OR COALESCE(JSON_CONTAINS(`audit_logs`.`redacted`, ?), 0)) ORDER BY `audit_logs`.`id`
-- User, $."email", $."email", "email"

-- user.EmailChangedFrom
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND COALESCE(/*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(`audit_logs`.`old_values`, ?) /*M!100700 ) COLLATE utf8mb4_bin */ = /*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(CONVERT(? USING utf8mb4), '$') /*M!100700 ) COLLATE utf8mb4_bin */, 0) ORDER BY `audit_logs`.`id`
-- User, $."email", "a"

-- user.AgeChangedTo
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND (COALESCE(/*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(`audit_logs`.`new_values`, ?) /*M!100700 ) COLLATE utf8mb4_bin */ = /*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(CONVERT(? USING utf8mb4), '$') /*M!100700 ) COLLATE utf8mb4_bin */, 0) OR COALESCE(/*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(`audit_logs`.`new_values`, ?) /*M!100700 ) COLLATE utf8mb4_bin */ = /*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(CONVERT(? USING utf8mb4), '$') /*M!100700 ) COLLATE utf8mb4_bin */, 0)) ORDER BY `audit_logs`.`id`
-- User, $."age", 7, $."age", "7"

-- user.AgeChangedToNil
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND COALESCE(/*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(`audit_logs`.`new_values`, ?) /*M!100700 ) COLLATE utf8mb4_bin */ = /*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(CONVERT(? USING utf8mb4), '$') /*M!100700 ) COLLATE utf8mb4_bin */, 0) ORDER BY `audit_logs`.`id`
-- User, $."age", null

-- doc.ScoreChangedTo
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND COALESCE(/*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(`audit_logs`.`new_values`, ?) /*M!100700 ) COLLATE utf8mb4_bin */ = /*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(CONVERT(? USING utf8mb4), '$') /*M!100700 ) COLLATE utf8mb4_bin */, 0) ORDER BY `audit_logs`.`id`
-- Doc, $."score", 0.1

-- doc.DueChangedTo
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND COALESCE(/*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(`audit_logs`.`new_values`, ?) /*M!100700 ) COLLATE utf8mb4_bin */ = /*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(CONVERT(? USING utf8mb4), '$') /*M!100700 ) COLLATE utf8mb4_bin */, 0) ORDER BY `audit_logs`.`id`
-- Doc, $."due", "2026-02-03T03:05:06.000007Z"

-- doc.ExtraChangedTo
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND COALESCE(/*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(`audit_logs`.`new_values`, ?) /*M!100700 ) COLLATE utf8mb4_bin */ = /*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(CONVERT(? USING utf8mb4), '$') /*M!100700 ) COLLATE utf8mb4_bin */, 0) ORDER BY `audit_logs`.`id`
-- Doc, $."extra", {"a":[null],"b":1}

-- user.FriendsAdded
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND COALESCE(JSON_CONTAINS(JSON_EXTRACT(`audit_logs`.`new_values`, ?), ?) AND INSTR(REPLACE(REPLACE(REPLACE(JSON_EXTRACT(`audit_logs`.`new_values`, ?), '[', ','), ']', ','), ' ', ''), ?) > 0, 0) ORDER BY `audit_logs`.`id`
-- User, $."friends", [7], $."friends", ,7,

-- user.GroupsRemoved
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND COALESCE(JSON_CONTAINS(JSON_EXTRACT(`audit_logs`.`old_values`, ?), ?), 0) ORDER BY `audit_logs`.`id`
-- User, $."groups", ["<id>"]

-- patron.HistoryOf(7), which had other labels
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND (`audit_logs`.`resource_id` IN (?) AND `audit_logs`.`resource_id` NOT LIKE '% ') ORDER BY `audit_logs`.`id`
-- Patron, Client, Guest, 7

-- patron.EmailChangedTo, which had other names
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND (COALESCE(/*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(`audit_logs`.`new_values`, ?) /*M!100700 ) COLLATE utf8mb4_bin */ = /*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(CONVERT(? USING utf8mb4), '$') /*M!100700 ) COLLATE utf8mb4_bin */, 0) OR COALESCE(/*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(`audit_logs`.`new_values`, ?) /*M!100700 ) COLLATE utf8mb4_bin */ = /*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(CONVERT(? USING utf8mb4), '$') /*M!100700 ) COLLATE utf8mb4_bin */, 0) OR COALESCE(/*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(`audit_logs`.`new_values`, ?) /*M!100700 ) COLLATE utf8mb4_bin */ = /*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(CONVERT(? USING utf8mb4), '$') /*M!100700 ) COLLATE utf8mb4_bin */, 0)) ORDER BY `audit_logs`.`id`
-- Patron, Client, Guest, $."email", "a", $."mail", "a", $."address", "a"

-- patron.MatesAdded, which had another name
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND (COALESCE(JSON_CONTAINS(JSON_EXTRACT(`audit_logs`.`new_values`, ?), ?) AND INSTR(REPLACE(REPLACE(REPLACE(JSON_EXTRACT(`audit_logs`.`new_values`, ?), '[', ','), ']', ','), ' ', ''), ?) > 0, 0) OR COALESCE(JSON_CONTAINS(JSON_EXTRACT(`audit_logs`.`new_values`, ?), ?) AND INSTR(REPLACE(REPLACE(REPLACE(JSON_EXTRACT(`audit_logs`.`new_values`, ?), '[', ','), ']', ','), ' ', ''), ?) > 0, 0)) ORDER BY `audit_logs`.`id`
-- Patron, Client, Guest, $."mates", [7], $."mates", ,7,, $."friends", [7], $."friends", ,7,

-- Not
SELECT … FROM `audit_logs` WHERE NOT (`audit_logs`.`resource_type` = ? AND COALESCE(/*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(`audit_logs`.`new_values`, ?) /*M!100700 ) COLLATE utf8mb4_bin */ = /*M!100700 JSON_NORMALIZE(*/ JSON_EXTRACT(CONVERT(? USING utf8mb4), '$') /*M!100700 ) COLLATE utf8mb4_bin */, 0)) ORDER BY `audit_logs`.`id`
-- User, $."email", "a"

