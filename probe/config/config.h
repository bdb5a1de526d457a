/* config: the one YAML file that configures everything (libcyaml lives here and nowhere else).
 *
 * Every key has a default and a range; an unknown key, a wrong type or a value out of range is
 * refused with file, line and key. An absent file is an error; an empty one gives the defaults.
 * config.def is the one list of keys.  The values are for the rooms below, which never see YAML:
 * worker and app copy what a room needs into that room's own options.
 *
 * Memory: config_load allocates; config_free frees.  Cold. */
#pragma once

#include "base.h"
#include "record.h"
#include "sys.h"

#define CONFIG_PORTS_MAX 64   /* ethdev ports */
#define CONFIG_SIP_PORTS_MAX 64
#define CONFIG_CORES_MAX 64
#define CONFIG_STEER_RANGES_MAX 64
#define CONFIG_WATCH_MAX 64  /* watch lists: classify's bound */

enum config_watch_kind {
	CONFIG_WATCH_NUMBER, CONFIG_WATCH_DOMAIN, CONFIG_WATCH_USER_AGENT, CONFIG_WATCH_HEADER
};
enum config_billing_format { CONFIG_BILLING_CSV, CONFIG_BILLING_JSONL, CONFIG_BILLING_TS32298 };
enum config_compression {
	CONFIG_COMPRESSION_NONE,
	CONFIG_COMPRESSION_GZIP,
	CONFIG_COMPRESSION_ZSTD
};
enum config_messages_keep { CONFIG_KEEP_NONE, CONFIG_KEEP_CALLS, CONFIG_KEEP_ALL };
enum config_steer_mode { CONFIG_STEER_REDIRECT, CONFIG_STEER_MIRROR };
enum config_rss_field { CONFIG_RSS_IP, CONFIG_RSS_UDP, CONFIG_RSS_TCP, CONFIG_RSS_SCTP };
enum config_rss_key { CONFIG_RSS_KEY_SYMMETRIC, CONFIG_RSS_KEY_DRIVER };
enum config_timestamps {
	CONFIG_TIMESTAMPS_NIC,
	CONFIG_TIMESTAMPS_DRIVER,
	CONFIG_TIMESTAMPS_HOST
};
enum config_log_level { CONFIG_LOG_ERROR, CONFIG_LOG_WARNING, CONFIG_LOG_INFO, CONFIG_LOG_DEBUG };

struct config_watch {
	char *name;              /* appears in records */
	enum config_watch_kind kind;
	char *header;            /* kind header: which one */
	/* One entry a line; '#' at its start or after white space: comment.  In the configuration
	 * relative to its directory, here absolute. */
	char *file;
};

struct config {
	char *path;              /* of the file, "" for defaults */
	struct {
		/* of the probe, in every record; default: host name; replay: "replay" */
		char *name;
		/* EAL devargs (net_af_packet0,iface=eth1), PCI address, or port name */
		char **ports;
		unsigned ports_count;
		uint32_t cores;        /* worker cores, default 1 */
		char *user, *group;    /* to become after start; "" stays */
		char *segment;         /* shared-memory file, default /dev/shm/ringtap-<name> */
		char *state_dir;       /* default /var/lib/ringtap */
		uint64_t ring_bytes;   /* per core, default 64 MiB */
		/* defaults 4096, 65536 (whole probe), 9000 clipped to what the port takes */
		uint32_t rx_descriptors, mbufs, mtu;
		char *profile;         /* default auto */
		bool promiscuous;      /* default true */
		enum config_log_level log_level;
	} probe;
	struct {                       /* of config_profile_load only */
		char **drivers;
		unsigned drivers_count;
		char *devargs;
		uint32_t queues;       /* 0: no bound */
		enum config_rss_field *rss;
		unsigned rss_count;
		bool rss_inner;
		enum config_rss_key rss_key;
		uint32_t rx_descriptors, mtu; /* 0: no bound */
		bool scatter;
		enum config_timestamps timestamps;
		char **limits;
		unsigned limits_count;
	} profile;
	struct {
		bool enabled;          /* default false */
		enum config_steer_mode mode;
		char **rtp_ports;      /* for config_port_range; default [10000-65535] */
		unsigned rtp_ports_count;
		bool tunnels;          /* default true */
	} steer;
	struct {
		uint16_t *ports;       /* default [5060] */
		unsigned ports_count;
		bool any_port;         /* find SIP on every other port too, default true */
		char **extra_headers;  /* recorded from the first INVITE */
		unsigned extra_headers_count;
		char **link_headers;   /* name another leg's Call-ID */
		unsigned link_headers_count;
	} sip;
	struct {
		/* concurrent, per core; default 100000 for the probe; read uses its own */
		uint32_t calls;
		uint32_t streams;      /* concurrent, per core; default 2 x calls */
		uint32_t endpoints;    /* media directory entries per core; default 4 x calls */
		uint32_t flow_entries; /* flow[] bound per call, default 256 */
		uint32_t registrations; /* remembered per core for their series, default 32768 */
		uint32_t links;        /* legs' common values kept per core, default 16384 */
		bool branches;         /* texts of Via branches kept */
		uint32_t fragments;    /* IP packets under reassembly per core, default 256 */
		uint32_t tcp_flows;    /* default 1024 */
		uint32_t tcp_buffer_bytes; /* per flow, default 131072 */
	} tables;
	struct {
		uint32_t setup_s;      /* no final response: default 300 */
		/* after the end, for retransmissions and late RTP: default 5 */
		uint32_t linger_s;
		uint32_t call_idle_s;  /* answered, neither SIP nor RTP: default 7200 */
		uint32_t interim_s;    /* records of calls in progress: default 900; 0: none */
		uint32_t transaction_s;/* default 32 (64*T1) */
		uint32_t registration_s; /* series closed after the last exchange: default 32 */
		uint32_t stream_idle_s;  /* stream without a call: default 30 */
	} timers;
	struct {
		uint32_t jitter_buffer_ms; /* default 60; 0: discards nothing */
		bool jitter_buffer_adaptive; /* default false */
		uint32_t jitter_buffer_max_ms; /* default 200 */
		bool g711_plc;         /* default true */
	} media;
	struct {
		bool mask;             /* dtmf[] without the digits, default false */
	} dtmf;
	struct {
		uint32_t detectors;    /* per core, default 0: off */
		char **calls;          /* "all", "watched", or names of watch lists */
		unsigned calls_count;
	} tones;
	struct {
		enum config_messages_keep keep; /* default none */
		uint32_t max_bytes;    /* of each, default 16 KiB */
		uint64_t rate_bytes;   /* of all, a second and core; 0: no bound; default 16 MiB */
	} messages;
	struct config_watch *watch;
	unsigned watch_count;
	struct {
		char **segments;       /* default: the probe's */
		unsigned segments_count;
		uint32_t commit_ms;    /* group commit at least this often, default 200 */
		uint32_t commit_records; /* or this many, default 20000 */
	} collector;
	struct {
		char *dir;             /* default /var/lib/ringtap/store */
		uint32_t retention_days; /* 0: for ever; default 31 */
		uint64_t retention_bytes; /* of all days; 0: no bound, the default */
	} store;
	struct {
		bool enabled;          /* default true */
		char *dir;             /* default /var/lib/ringtap/billing */
		enum config_billing_format format;
		/* record keys; none (the default): all of the kind but flow */
		char **columns;
		unsigned columns_count;
		char **kinds;          /* default [call] */
		unsigned kinds_count;
		char *node_address;    /* of ts32298 files; "": 0.0.0.0 */
		enum config_compression compression; /* default none */
		char **mask;           /* config_mask_parse reads them */
		unsigned mask_count;
		char *mask_key_file;   /* "": none */
		char **hook;           /* program and arguments */
		unsigned hook_count;
		uint32_t hook_timeout_s, hook_retry_s;
		uint32_t retention_days; /* 0: for ever */
		uint64_t retention_bytes; /* 0: no bound */
		uint32_t rotate_s;     /* default 300 */
		uint64_t rotate_bytes; /* default 64 MiB */
		uint32_t rotate_records; /* default 100000 */
	} billing;
	struct {
		char *url;             /* "": off */
		char *database, *table_prefix, *user;
		char *password_file, *ca_file; /* "": none */
		char **kinds;          /* default all but message */
		unsigned kinds_count;
		uint32_t batch_records, flush_ms, timeout_s;
		bool compress;
	} clickhouse;
	struct {
		char *brokers;         /* "": off */
		char *topic;
		char **properties;     /* NAME=VALUE, for librdkafka */
		unsigned properties_count;
		char *password_file;   /* "": none */
		char **kinds;          /* default all but message */
		unsigned kinds_count;
		bool flow;
		uint32_t batch_records, flush_ms;
	} kafka;
	struct {
		char *url;             /* "": off */
		uint32_t agent_id;
		char *key;
		char **kinds;          /* default call, stream, message */
		unsigned kinds_count;
		uint32_t rate, batch_records, flush_ms;
	} hep;
	struct {
		char *listen;          /* "": off; default 127.0.0.1:9464 */
	} metrics;
};

/* Loads path.  0, or negative with the sentence in e ("ringtap.yaml:12: sip.ports: 70000 is out of
 * range 1..65535"). */
int config_load(struct config **config, const char *path, struct sys_error *e);
/* A profile: the same format, with nothing but the section profile in it. */
int config_profile_load(struct config **config, const char *path, struct sys_error *e);
/* The defaults alone, as if from an empty file. */
int config_defaults(struct config **config, struct sys_error *e);
void config_free(struct config *config);

/* An entry of billing.mask. */
enum config_mask_rule {
	CONFIG_MASK_NONE,
	CONFIG_MASK_DROP,
	CONFIG_MASK_HASH,
	CONFIG_MASK_KEEP_FIRST, /* n characters, or bits of an address */
	CONFIG_MASK_KEEP_LAST   /* n characters */
};
struct config_mask {
	enum config_mask_rule rule;
	uint32_t n;
};
/* "from_user=keep_last:3": the field and its mask; negative, with the reason in e: it is none. */
int config_mask_parse(const char *text, struct config_mask *mask, struct sys_error *e);

/* Reads "5060" or "10000-20000" (1 to 65535, in order). */
bool config_port_range(const char *text, uint16_t *first, uint16_t *last);

/* The entries of a watch list's file, trimmed, without comments and empty lines: 0 and an array for
 * config_watch_entries_free, or negative with the sentence in e.  An entry is at most
 * CONFIG_WATCH_ENTRY_MAX bytes, printable. */
#define CONFIG_WATCH_ENTRY_MAX 255
int config_watch_entries(const struct config_watch *watch, char ***entries, uint32_t *n,
	struct sys_error *e);
void config_watch_entries_free(char **entries, uint32_t n);

/* The effective configuration as YAML that config_load takes, to f. */
void config_print(const struct config *config, FILE *f);
/* The manual of all keys: key, default, range, meaning (Markdown). */
void config_manual(FILE *f);
