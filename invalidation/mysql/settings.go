package mysql

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// settings are variables of the session.
type settings map[string]string

const settingsQuery = `SHOW SESSION VARIABLES WHERE Variable_name IN ('sql_mode', 'autocommit',
'sql_auto_is_null', 'explicit_defaults_for_timestamp', 'character_set_client',
'character_set_connection', 'system_versioning_asof', 'time_zone', 'system_time_zone',
'tx_isolation', 'transaction_isolation')`

// modes are those that leave the meaning of SQL as the analyser knows it. In
// others "x" is a name, || joins texts, a backslash is ordinary, or an empty
// text is NULL.
var modes = setOf(`
	strict_trans_tables strict_all_tables error_for_division_by_zero
	no_auto_create_user no_engine_substitution only_full_group_by no_zero_date
	no_zero_in_date no_auto_value_on_zero traditional allow_invalid_dates
	no_unsigned_subtraction no_dir_in_create time_round_fractional
	time_truncate_fractional simultaneous_assignment no_key_options
	no_table_options no_field_options`)

// knownModes reports whether SQL under a mode is what the analyser knows.
func knownModes(mode string) bool {
	for name := range strings.SplitSeq(strings.ToLower(mode), ",") {
		if name != "" && !modes[name] {
			return false
		}
	}
	return true
}

// check returns why nothing can be cached under the settings.
func (s settings) check() error {
	switch {
	case !knownModes(s["sql_mode"]):
		return fmt.Errorf("sql_mode %q changes the meaning of SQL", s["sql_mode"])
	case s["autocommit"] != "ON":
		return errors.New("autocommit is off, so that a statement may begin a transaction unseen")
	case s["sql_auto_is_null"] == "ON":
		return errors.New("sql_auto_is_null is on, by which IS NULL finds the row inserted last")
	case !isUTF8(s["character_set_client"]), !isUTF8(s["character_set_connection"]):
		return errors.New("the connection's character set is not UTF-8")
	case s["system_versioning_asof"] != "" && s["system_versioning_asof"] != "DEFAULT":
		return errors.New("system_versioning_asof shows tables as they were")
	case s["tx_isolation"] == dirty, s["transaction_isolation"] == dirty:
		return errors.New("the connection reads what is not committed")
	}
	return nil
}

// dirty is the isolation of those who read what is not committed.
const dirty = "READ-UNCOMMITTED"

func isUTF8(charset string) bool { return strings.HasPrefix(charset, "utf8") }

// strict reports whether a value that does not fit its column is an error.
func (s settings) strict() bool { return s.has("strict_trans_tables") || s.has("strict_all_tables") }

// has reports whether the mode is one of those of the session.
func (s settings) has(mode string) bool {
	return slices.Contains(strings.Split(strings.ToLower(s["sql_mode"]), ","), mode)
}

// fixedZone reports whether the offset of the session's time zone surely never
// changes.
func (s settings) fixedZone() bool {
	zone := s["time_zone"]
	if zone == "SYSTEM" {
		zone = s["system_time_zone"]
	}
	return zone == "UTC" || zone == "GMT" || strings.HasPrefix(zone, "+") || strings.HasPrefix(zone, "-")
}

// grants are the lines of SHOW GRANTS.
type grants []string

// triggers reports whether the user is shown the triggers of a table. What
// is granted to a role, or for a pattern of names, does not count.
func (g grants) triggers(schema, table string) bool {
	schema, table = quoteName(schema), quoteName(table)
	escaped := strings.NewReplacer("_", `\_`, "%", `\%`).Replace(schema)
	for _, line := range g {
		privileges, rest, found := strings.Cut(strings.TrimPrefix(line, "GRANT "), " ON ")
		if !found || privileges != "ALL PRIVILEGES" && !listed(privileges, "TRIGGER") {
			continue
		}
		scope, _, _ := strings.Cut(rest, " TO ")
		switch scope {
		case "*.*", schema + ".*", escaped + ".*", schema + "." + table:
			return true
		}
	}
	return false
}

func listed(list, word string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(item) == word {
			return true
		}
	}
	return false
}

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
