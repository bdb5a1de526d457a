#include "rx_port_private.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define RX_PORT_MTU_DEFAULT 1500
/* the kernel's header before each frame in its ring, and VLAN tags */
#define RX_PORT_FRAME_SPARE 128
#define RX_PORT_FRAME_MIN 2048
#define RX_PORT_FRAME_MAX 16384
#define RX_PORT_KERNEL_RING (32u << 20)

/* DDDD:BB:DD.F in hexadecimal, at the beginning of text and followed by its end or a comma. */
static bool
rx_port_is_pci(const char *text)
{
	static const char shape[] = "xxxx:xx:xx.x";
	size_t i;

	for (i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != shape[i])
			return false;
	return text[i] == '\0' || text[i] == ',';
}

/* The value of key in devargs, up to the next comma. */
static struct base_span
rx_port_args_value(const char *args, const char *key)
{
	size_t key_len = strlen(key);

	for (const char *p = args; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (strncmp(p, key, key_len) == 0 && p[key_len] == '=')
			return base_span_of(
				p + key_len + 1, (uint32_t)strcspn(p + key_len + 1, ","));
	return base_span_of(NULL, 0);
}

uint32_t
rx_port_args_number(const char *args, const char *key, uint32_t otherwise)
{
	uint64_t v;

	return base_span_u64(rx_port_args_value(args, key), &v) && v <= UINT32_MAX ? (uint32_t)v
										   : otherwise;
}

static uint32_t
rx_port_interface_mtu(const char *interface)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return RX_PORT_MTU_DEFAULT;
	memcpy(request.ifr_name, interface, strnlen(interface, IF_NAMESIZE - 1));
	int rc = ioctl(fd, SIOCGIFMTU, &request);
	close(fd);
	return rc < 0 || request.ifr_mtu <= 0 ? RX_PORT_MTU_DEFAULT : (uint32_t)request.ifr_mtu;
}

/* Arguments of net_af_packet for a bare interface.  Its ring has a power of two of frames, each in
 * a power of two of bytes; a frame longer than that is cut by the kernel. */
static void
rx_port_interface_args(struct rx_port_name *name, const struct rx_port_defaults *defaults)
{
	uint32_t mtu = rx_port_interface_mtu(name->interface);
	uint32_t frame = mtu > RX_PORT_FRAME_MAX - RX_PORT_FRAME_SPARE
				 ? RX_PORT_FRAME_MAX
				 : base_power_of_two_at_least(mtu + RX_PORT_FRAME_SPARE);

	if (frame < RX_PORT_FRAME_MIN)
		frame = RX_PORT_FRAME_MIN;
	uint32_t most = RX_PORT_KERNEL_RING / frame;
	uint32_t count = defaults->rx_descriptors < 512
				 ? 512
				 : base_power_of_two_at_least(defaults->rx_descriptors);
	snprintf(name->args, sizeof(name->args), "iface=%s,blocksz=%u,framesz=%u,framecnt=%u",
		name->interface, frame < 65536 ? 65536 : frame, frame, count < most ? count : most);
}

/* Receive queues that the kernel has for an interface; 1 where it does not tell. */
static uint32_t
rx_port_interface_queues(const char *interface)
{
	char path[64];
	uint32_t n = 0;
	const struct dirent *entry;

	snprintf(path, sizeof(path), "/sys/class/net/%s/queues", interface);
	DIR *dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		n += strncmp(entry->d_name, "rx-", 3) == 0;
	if (dir)
		closedir(dir);
	return n ? n : 1;
}

/* How many of them net_af_xdp takes: as many as there are combined channels, else one. */
static uint32_t
rx_port_interface_channels(const char *interface)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq request = {.ifr_data = (void *)&channels};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	int rc = fd < 0 ? -1 : ioctl(fd, SIOCETHTOOL, &request);
	if (fd >= 0)
		close(fd);
	if (rc < 0 || channels.max_combined == 0 || channels.combined_count == 0)
		return 1;
	return channels.combined_count;
}

static bool
rx_port_is_steered(const struct rx_port_defaults *defaults)
{
	return defaults->xdp_program && defaults->xdp_program[0];
}

/* Frames on a queue without a socket stay with the host: so one for each queue that can have one,
 * as far as there are workers. */
static void
rx_port_xdp_args(struct rx_port_name *name, const struct rx_port_defaults *defaults)
{
	uint32_t queues = rx_port_interface_queues(name->interface);
	uint32_t taken = rx_port_interface_channels(name->interface);
	size_t len = strlen(name->args);

	taken = taken < defaults->cores ? taken : defaults->cores;
	if (rx_port_args_value(name->args, "queue_count").len == 0) {
		if (taken < queues)
			sys_log(SYS_LOG_WARNING,
				"port %s: it has %u receive queues, of which %u are taken: frames "
				"on the others stay with the host (steer_unqueued); more workers, "
				"or ethtool -L %s combined %u",
				name->interface, queues, taken, name->interface, taken);
		snprintf(name->args + len, sizeof(name->args) - len, ",queue_count=%u", taken);
		len = strlen(name->args);
	}
	if (rx_port_args_value(name->args, "xdp_prog").len == 0)
		snprintf(name->args + len, sizeof(name->args) - len, ",xdp_prog=%s",
			defaults->xdp_program);
}

static int
rx_port_name_vdev(struct rx_port_name *name, const char *given, struct sys_error *e)
{
	size_t device_len = strcspn(given, ",");
	const char *args = given[device_len] ? given + device_len + 1 : "";

	if (device_len >= sizeof(name->device) || strlen(args) >= sizeof(name->args))
		return sys_fail(e, -BASE_ERR_INVALID, "port %s: name too long", given);
	memcpy(name->device, given, device_len);
	memcpy(name->args, args, strlen(args));
	struct base_span interface = rx_port_args_value(args, "iface");
	if (interface.len && memchr(interface.p, '/', interface.len))
		interface.len = 0; /* net_vhost: the path of a socket, no interface */
	if (interface.len >= sizeof(name->interface))
		return sys_fail(e, -BASE_ERR_INVALID,
			"port %s: interface names have at most %d characters", given,
			IF_NAMESIZE - 1);
	if (interface.len)
		memcpy(name->interface, interface.p, interface.len);
	return 0;
}

static int
rx_port_name_interface(struct rx_port_name *name, const char *given,
	const struct rx_port_defaults *defaults, struct sys_error *e)
{
	if (strlen(given) >= sizeof(name->interface) || if_nametoindex(given) == 0)
		return sys_fail(e, -BASE_ERR_NOT_FOUND,
			"port %s: no network interface of that name"
			" (ip link shows them); a PCI address or net_DRIVERn,... is taken too",
			given);
	memcpy(name->interface, given, strlen(given));
	if (rx_port_is_steered(defaults)) {
		snprintf(name->device, sizeof(name->device), "net_af_xdp%u", defaults->index);
		snprintf(name->args, sizeof(name->args), "iface=%s", given);
		return 0;
	}
	snprintf(name->device, sizeof(name->device), "net_af_packet%u", defaults->index);
	rx_port_interface_args(name, defaults);
	return 0;
}

int
rx_port_name_parse(struct rx_port_name *name, const char *given,
	const struct rx_port_defaults *defaults, struct sys_error *e)
{
	int rc;

	*name = (struct rx_port_name){.kind = rx_port_is_pci(given) ? RX_PORT_PCI : RX_PORT_VDEV};
	if (given[0] == '\0')
		return sys_fail(e, -BASE_ERR_INVALID, "port: an empty name");
	/* net_x could be the name of an interface as well. */
	if (name->kind == RX_PORT_PCI || strchr(given, ',') ||
		(strncmp(given, "net_", 4) == 0 && if_nametoindex(given) == 0))
		rc = rx_port_name_vdev(name, given, e);
	else
		rc = rx_port_name_interface(name, given, defaults, e);
	if (rc < 0 || name->kind == RX_PORT_PCI)
		return rc;
	size_t driver_len = strlen(name->device);
	while (driver_len && isdigit((unsigned char)name->device[driver_len - 1]))
		driver_len--;
	memcpy(name->driver, name->device, driver_len);
	if (strcmp(name->driver, "net_af_xdp") == 0 && rx_port_is_steered(defaults))
		rx_port_xdp_args(name, defaults);
	if (strcmp(name->driver, "net_af_packet") == 0 && defaults->cores > 1 &&
		rx_port_args_value(name->args, "qpairs").len == 0) {
		size_t len = strlen(name->args);
		snprintf(name->args + len, sizeof(name->args) - len, "%sqpairs=%u", len ? "," : "",
			defaults->cores);
	}
	return 0;
}

int
rx_port_name_check(const struct rx_port_name *name, const char *given, struct sys_error *e)
{
	if (name->kind != RX_PORT_VDEV || name->interface[0] == '\0')
		return 0;
	if (if_nametoindex(name->interface) == 0)
		return sys_fail(e, -BASE_ERR_NOT_FOUND,
			"port %s: no network interface %s (ip link shows them)", given,
			name->interface);
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 && (errno == EPERM || errno == EACCES))
		return sys_fail(e, -BASE_ERR_PERMISSION,
			"port %s: no permission to capture on %s: this needs CAP_NET_RAW"
			" (start as root; privileges are dropped after that, see probe.user)",
			given, name->interface);
	if (fd >= 0)
		close(fd);
	return 0;
}
