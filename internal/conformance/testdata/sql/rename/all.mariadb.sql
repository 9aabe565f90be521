-- Patron.QueryHistory
SELECT `audit_logs`.`id`, `audit_logs`.`tx_id`, `audit_logs`.`occurred_at`, `audit_logs`.`action`, `audit_logs`.`resource_type`, `audit_logs`.`resource_id`, `audit_logs`.`actor_id`, `audit_logs`.`actor_type`, `audit_logs`.`actor_name`, `audit_logs`.`impersonator_id`, `audit_logs`.`reason`, `audit_logs`.`metadata`, `audit_logs`.`old_values`, `audit_logs`.`new_values`, `audit_logs`.`redacted` FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND (`audit_logs`.`resource_id` IN (?) AND `audit_logs`.`resource_id` NOT LIKE '% ') ORDER BY `audit_logs`.`id`
-- PatronClient.QueryHistory
SELECT `audit_logs`.`id`, `audit_logs`.`tx_id`, `audit_logs`.`occurred_at`, `audit_logs`.`action`, `audit_logs`.`resource_type`, `audit_logs`.`resource_id`, `audit_logs`.`actor_id`, `audit_logs`.`actor_type`, `audit_logs`.`actor_name`, `audit_logs`.`impersonator_id`, `audit_logs`.`reason`, `audit_logs`.`metadata`, `audit_logs`.`old_values`, `audit_logs`.`new_values`, `audit_logs`.`redacted` FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) ORDER BY `audit_logs`.`id`
-- PatronQuery.QueryHistory
SELECT `audit_logs`.`id`, `audit_logs`.`tx_id`, `audit_logs`.`occurred_at`, `audit_logs`.`action`, `audit_logs`.`resource_type`, `audit_logs`.`resource_id`, `audit_logs`.`actor_id`, `audit_logs`.`actor_type`, `audit_logs`.`actor_name`, `audit_logs`.`impersonator_id`, `audit_logs`.`reason`, `audit_logs`.`metadata`, `audit_logs`.`old_values`, `audit_logs`.`new_values`, `audit_logs`.`redacted` FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND `audit_logs`.`resource_id` IN (SELECT `t0`.`resource_id` FROM (SELECT (CONVERT(`patrons`.`id` USING utf8mb4) COLLATE utf8mb4_bin) AS `resource_id` FROM `patrons` WHERE `patrons`.`id` = ?) AS `t0`) ORDER BY `audit_logs`.`id`
-- PatronQuery.WithHistory
SELECT `patrons`.`id`, `patrons`.`email`, `patrons`.`phone`, `patrons`.`tier`, `patrons`.`visits`, `patrons`.`stars`, `patrons`.`floor`, `patrons`.`note`, `patrons`.`sponsor_id`, `patrons`.`pin` FROM `patrons` WHERE `patrons`.`id` = ?
-- PatronQuery.WithHistory
SELECT `audit_logs`.`id`, `audit_logs`.`tx_id`, `audit_logs`.`occurred_at`, `audit_logs`.`action`, `audit_logs`.`resource_type`, `audit_logs`.`resource_id`, `audit_logs`.`actor_id`, `audit_logs`.`actor_type`, `audit_logs`.`actor_name`, `audit_logs`.`impersonator_id`, `audit_logs`.`reason`, `audit_logs`.`metadata`, `audit_logs`.`old_values`, `audit_logs`.`new_values`, `audit_logs`.`redacted` FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND (`audit_logs`.`resource_id` IN (?) AND `audit_logs`.`resource_id` NOT LIKE '% ') ORDER BY `audit_logs`.`id`
-- patron.HasHistory
SELECT `patrons`.`id` FROM `patrons` WHERE EXISTS (SELECT `audit_logs`.`id` FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND `audit_logs`.`resource_id` = CONVERT(`patrons`.`id` USING utf8mb4) COLLATE utf8mb4_bin)
-- AuditLogQuery.QueryPatron
SELECT `patrons`.`id` FROM `patrons` WHERE CONVERT(`patrons`.`id` USING utf8mb4) COLLATE utf8mb4_bin IN (SELECT `t0`.`id` FROM (SELECT (`audit_logs`.`resource_id`) AS `id` FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?)) AS `t0`)
-- UserClient.QueryHistory, of a type that had one label
SELECT `audit_logs`.`id`, `audit_logs`.`tx_id`, `audit_logs`.`occurred_at`, `audit_logs`.`action`, `audit_logs`.`resource_type`, `audit_logs`.`resource_id`, `audit_logs`.`actor_id`, `audit_logs`.`actor_type`, `audit_logs`.`actor_name`, `audit_logs`.`impersonator_id`, `audit_logs`.`reason`, `audit_logs`.`metadata`, `audit_logs`.`old_values`, `audit_logs`.`new_values`, `audit_logs`.`redacted` FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? ORDER BY `audit_logs`.`id`
-- Replay
SELECT `audit_logs`.`id` FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND `audit_logs`.`action` = ? ORDER BY `audit_logs`.`id` DESC LIMIT 1
-- Replay
SELECT `audit_logs`.`id`, `audit_logs`.`action`, `audit_logs`.`resource_id`, `audit_logs`.`old_values`, `audit_logs`.`new_values` FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND `audit_logs`.`id` > ? ORDER BY `audit_logs`.`id` LIMIT 500
-- Replay, of some
SELECT `audit_logs`.`id` FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND `audit_logs`.`action` = ? ORDER BY `audit_logs`.`id` DESC LIMIT 1
-- Replay, of some
SELECT `audit_logs`.`id`, `audit_logs`.`action`, `audit_logs`.`resource_id`, `audit_logs`.`old_values`, `audit_logs`.`new_values` FROM `audit_logs` WHERE (`audit_logs`.`resource_type` IN (?, ?, ?) AND (`audit_logs`.`resource_id` IN (?) AND `audit_logs`.`resource_id` NOT LIKE '% ')) AND `audit_logs`.`id` > ? ORDER BY `audit_logs`.`id` LIMIT 500
-- Reconcile
SELECT `patrons`.`id`, `patrons`.`email`, `patrons`.`phone`, `patrons`.`tier`, `patrons`.`visits`, `patrons`.`stars`, `patrons`.`floor`, `patrons`.`note`, `patrons`.`sponsor_id`, `patrons`.`pin` FROM `patrons` WHERE ? = 1 ORDER BY `patrons`.`id` LIMIT 500
-- Reconcile
SELECT `patron_mates`.`patron_id`, `patron_mates`.`mate_id` FROM `patron_mates` WHERE `patron_mates`.`patron_id` IN (?, ?, ?) ORDER BY `patron_mates`.`patron_id`, `patron_mates`.`mate_id`
-- Reconcile
SELECT `audit_logs`.`id`, `audit_logs`.`action`, `audit_logs`.`resource_id`, `audit_logs`.`old_values`, `audit_logs`.`new_values` FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND (`audit_logs`.`resource_id` IN (?, ?, ?) AND `audit_logs`.`resource_id` NOT LIKE '% ') ORDER BY `audit_logs`.`resource_id`, `audit_logs`.`id`
-- Reconcile
SELECT DISTINCT `sqlaudit_some`.`resource_id`, (CAST(`sqlaudit_entry`.`resource_id` AS BINARY)) AS `exact` FROM (SELECT DISTINCT `audit_logs`.`resource_id` FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND `audit_logs`.`resource_id` > ? ORDER BY `audit_logs`.`resource_id` LIMIT 500) AS `sqlaudit_some` JOIN `audit_logs` AS `sqlaudit_entry` ON `sqlaudit_entry`.`resource_id` = `sqlaudit_some`.`resource_id` WHERE `sqlaudit_entry`.`resource_type` IN (?, ?, ?) ORDER BY `sqlaudit_some`.`resource_id`
-- Reconcile
SELECT `patrons`.`id`, `patrons`.`email`, `patrons`.`phone`, `patrons`.`tier`, `patrons`.`visits`, `patrons`.`stars`, `patrons`.`floor`, `patrons`.`note`, `patrons`.`sponsor_id`, `patrons`.`pin` FROM `patrons` WHERE `patrons`.`id` IN (?, ?, ?, ?)
-- Reconcile
SELECT `audit_logs`.`id`, `audit_logs`.`action`, `audit_logs`.`resource_id`, `audit_logs`.`old_values`, `audit_logs`.`new_values` FROM `audit_logs` WHERE `audit_logs`.`resource_type` IN (?, ?, ?) AND (`audit_logs`.`resource_id` IN (?) AND `audit_logs`.`resource_id` NOT LIKE '% ') ORDER BY `audit_logs`.`resource_id`, `audit_logs`.`id`
