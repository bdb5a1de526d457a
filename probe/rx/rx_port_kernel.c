/* net_af_packet reads a ring that the kernel fills, and does not tell what the kernel dropped when
 * that ring was full; without it the ledger would lie.  Its sockets are this process's own, so
 * their PACKET_STATISTICS can be read beside the driver. */
#include "rx_port_private.h"

#include <dirent.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <sys/socket.h>

static bool
rx_port_kernel_is_claimed(const struct rx_ports *ports, int fd)
{
	for (uint32_t p = 0; p < ports->n_ports; p++)
		for (uint32_t i = 0; i < ports->ports[p].n_kernel_fds; i++)
			if (ports->ports[p].kernel_fds[i] == fd)
				return true;
	return false;
}

static bool
rx_port_kernel_is_packet_socket(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_PACKET;
}

int
rx_port_kernel_claim(struct rx_ports *ports, struct rx_port *port, struct sys_error *e)
{
	const struct dirent *entry;
	DIR *dir;

	if (strcmp(port->name.driver, "net_af_packet") != 0 || !(dir = opendir("/proc/self/fd")))
		return 0;
	int rc = 0;
	while (rc == 0 && (entry = readdir(dir))) {
		uint64_t fd;
		if (!base_span_u64(base_span_cstr(entry->d_name), &fd) ||
			!rx_port_kernel_is_packet_socket((int)fd) ||
			rx_port_kernel_is_claimed(ports, (int)fd))
			continue;
		int *more = realloc(port->kernel_fds, (port->n_kernel_fds + 1) * sizeof(*more));
		if (more) {
			port->kernel_fds = more;
			port->kernel_fds[port->n_kernel_fds++] = (int)fd;
		} else {
			rc = sys_fail(
				e, -BASE_ERR_NO_MEMORY, "port %s: out of memory", port->given);
		}
	}
	closedir(dir);
	return rc;
}

void
rx_port_kernel_read(struct rx_port *port)
{
	for (uint32_t i = 0; i < port->n_kernel_fds; i++) {
		struct tpacket_stats stats;
		socklen_t len = sizeof(stats);
		/* Reading resets them. */
		if (getsockopt(port->kernel_fds[i], SOL_PACKET, PACKET_STATISTICS, &stats, &len) ==
			0)
			port->kernel_drops += stats.tp_drops;
	}
}
