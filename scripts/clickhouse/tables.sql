-- A table for each kind of record.  The columns are printed by 'ringtap fields --format clickhouse': see print.
-- The engine keeps one row of those with the same key, so that a batch that was sent twice is there once: at once under FINAL,
-- else after the next merge.
CREATE DATABASE IF NOT EXISTS @database@;
CREATE TABLE IF NOT EXISTS @database@.@prefix@calls (
@columns call@
) ENGINE = @engine calls@
PARTITION BY toYYYYMM(record_time)
ORDER BY (record_time, probe, core, seq, uid) @settings@;
CREATE TABLE IF NOT EXISTS @database@.@prefix@registrations (
@columns registration@
) ENGINE = @engine registrations@
PARTITION BY toYYYYMM(record_time)
ORDER BY (record_time, probe, core, seq, uid) @settings@;
CREATE TABLE IF NOT EXISTS @database@.@prefix@transactions (
@columns transaction@
) ENGINE = @engine transactions@
PARTITION BY toYYYYMM(record_time)
ORDER BY (record_time, probe, core, seq, uid) @settings@;
CREATE TABLE IF NOT EXISTS @database@.@prefix@messages (
@columns message@
) ENGINE = @engine messages@
PARTITION BY toYYYYMM(record_time)
ORDER BY (record_time, probe, core, seq, uid) @settings@;
CREATE TABLE IF NOT EXISTS @database@.@prefix@streams (
@columns stream@
) ENGINE = @engine streams@
PARTITION BY toYYYYMM(record_time)
ORDER BY (record_time, probe, core, seq, uid) @settings@;
