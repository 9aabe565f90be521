SELECT COUNT(`audit_logs`.`id`) FROM `audit_logs`
SELECT `audit_logs`.`id` FROM `audit_logs` WHERE `audit_logs`.`id` < ? ORDER BY `audit_logs`.`id` DESC, `audit_logs`.`id` DESC LIMIT 3
