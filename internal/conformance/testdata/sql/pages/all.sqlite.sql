-- the first
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? ORDER BY `audit_logs`.`id` LIMIT 51
-- Card

-- after
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND `audit_logs`.`id` >= ? ORDER BY `audit_logs`.`id` LIMIT 11
-- Card, <id>

-- before
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND `audit_logs`.`id` < ? ORDER BY `audit_logs`.`id` DESC LIMIT 11
-- Card, <id>

-- newest first, after
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND `audit_logs`.`id` < ? ORDER BY `audit_logs`.`id` DESC LIMIT 11
-- Card, <id>

-- newest first, before
SELECT … FROM `audit_logs` WHERE `audit_logs`.`resource_type` = ? AND `audit_logs`.`id` >= ? ORDER BY `audit_logs`.`id` LIMIT 11
-- Card, <id>

