-- ASR, ACD, PDD and MOS by trunk and prefix per minute.
-- A materialized view that adds up would count a batch twice that was sent twice.  So the materialized part keeps one narrow row
-- a call, under a key that makes doubles one, sorted as it is asked for; the minutes are added up over FINAL of that.
-- This is exact on every release, whatever was retried.
CREATE TABLE IF NOT EXISTS @database@.@prefix@call_facts (
	minute DateTime('UTC'),          -- of the INVITE
	trunk String,                    -- address that sent it
	trunk_to String,                 -- address that it was sent to
	prefix String,                   -- first five digits of the called number, without + or 00
	probe String,
	core UInt64,
	seq UInt64,
	uid String,
	disposition String,
	answered UInt8,
	duration_ms Nullable(Float64),
	pdd_ms Nullable(Float64),
	mos Nullable(Float64)            -- of the worst stream
) ENGINE = @engine call_facts@
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, trunk, trunk_to, prefix, probe, core, seq, uid) @settings@;
CREATE MATERIALIZED VIEW IF NOT EXISTS @database@.@prefix@call_facts_mv TO @database@.@prefix@call_facts AS
SELECT
	toStartOfMinute(toDateTime(intDiv(coalesce(invite_time_us, toInt64(0)), 1000000), 'UTC')) AS minute,
	src_ip AS trunk,
	dst_ip AS trunk_to,
	substring(replaceRegexpOne(ruri_user, '^(\\+|00)', ''), 1, 5) AS prefix,
	probe, core, seq, uid, disposition,
	disposition = 'answered' AS answered,
	duration_ms, pdd_ms, mos
FROM @database@.@prefix@calls
WHERE status = 'final';
