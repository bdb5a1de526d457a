/* kafka_mock: librdkafka's mock cluster as a process, for test_kafka.py.
 *
 *   kafka_mock TOPIC PARTITIONS
 *
 * Prints 'brokers LIST', then obeys lines on standard input and answers each with 'ok' at the end:
 *   error CODE N      the next N Produce requests fail with CODE (-195: the connection is cut)
 *   down B, up B      broker B (1, 2) goes and comes back
 *   read N            all messages of the topic from the beginning, at least N unless 20 s pass:
 *                     'message PARTITION OFFSET KEY SEQ VALUE' each, SEQ: the header 'seq' */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BROKERS 2
#define PRODUCE 0 /* ApiKey */

static rd_kafka_t *
client(rd_kafka_type_t type, const char *brokers)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];

	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof(why));
	rd_kafka_conf_set(conf, "log_level", "0", why, sizeof(why));
	if (type == RD_KAFKA_CONSUMER) {
		rd_kafka_conf_set(conf, "group.id", "test", why, sizeof(why));
		rd_kafka_conf_set(conf, "enable.partition.eof", "true", why, sizeof(why));
	}
	return rd_kafka_new(type, conf, why, sizeof(why));
}

static void
read_all(const char *brokers, const char *topic, int partitions, long want)
{
	rd_kafka_t *consumer = client(RD_KAFKA_CONSUMER, brokers);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
	time_t end = time(NULL) + 20;
	long n = 0;
	int at_end = 0;

	for (int p = 0; p < partitions; p++)
		rd_kafka_topic_partition_list_add(list, topic, p)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_assign(consumer, list);
	while (time(NULL) < end && (n < want || at_end < partitions)) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(consumer, 200);
		if (m == NULL)
			continue;
		if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
			at_end++;
		} else if (m->err == 0) {
			n++;
			rd_kafka_headers_t *headers = NULL;
			const void *seq = "-";
			size_t seq_len = 1;
			if (rd_kafka_message_headers(m, &headers) == 0)
				rd_kafka_header_get_last(headers, "seq", &seq, &seq_len);
			printf("message %d %lld %.*s %.*s %.*s\n", (int)m->partition,
				(long long)m->offset, (int)m->key_len, (const char *)m->key,
				(int)seq_len, (const char *)seq, (int)m->len,
				(const char *)m->payload);
		}
		rd_kafka_message_destroy(m);
	}
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_consumer_close(consumer);
	rd_kafka_destroy(consumer);
}

int
main(int argc, char **argv)
{
	char line[256];
	long a, b;

	if (argc != 3)
		return 2;
	int partitions = (int)strtol(argv[2], NULL, 10);
	rd_kafka_t *owner = client(RD_KAFKA_PRODUCER, "localhost:1");
	rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(owner, BROKERS);
	const char *brokers = rd_kafka_mock_cluster_bootstraps(cluster);

	rd_kafka_mock_topic_create(cluster, argv[1], partitions, BROKERS);
	printf("brokers %s\n", brokers);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "error %ld %ld", &a, &b) == 2)
			for (long i = 0; i < b; i++)
				rd_kafka_mock_push_request_errors(
					cluster, PRODUCE, 1, (rd_kafka_resp_err_t)a);
		else if (sscanf(line, "down %ld", &a) == 1)
			rd_kafka_mock_broker_set_down(cluster, (int32_t)a);
		else if (sscanf(line, "up %ld", &a) == 1)
			rd_kafka_mock_broker_set_up(cluster, (int32_t)a);
		else if (sscanf(line, "read %ld", &a) == 1)
			read_all(brokers, argv[1], partitions, a);
		puts("ok");
		fflush(stdout);
	}
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(owner);
	return 0;
}
