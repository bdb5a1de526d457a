/* Laws: a queue is pressed while its port loses frames and more came in a row than it holds, and no longer than that; losses of
 * before the start, and a burst that was not full, press nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rx_port_private.h"

static void
a_queue_is_pressed_while_it_fills_faster_than_it_is_emptied(void **state)
{
	struct rx_queue queue = {.room = 256, .losing = 1};

	for (int burst = 1; burst <= 10; burst++)
		assert_int_equal(rx_queue_pressed(&queue, 64, 64), burst > 4);
	assert_false(rx_queue_pressed(&queue, 63, 64));
	assert_false(rx_queue_pressed(&queue, 64, 64));
	assert_false(rx_queue_pressed(&queue, 0, 64));
}

static void
without_losses_nobody_is_pressed(void **state)
{
	struct rx_queue queue = {.room = 256};

	for (int burst = 0; burst < 100; burst++)
		assert_false(rx_queue_pressed(&queue, 64, 64));
	queue.losing = 1;
	assert_true(rx_queue_pressed(&queue, 64, 64));
}

static void
a_port_loses_for_a_while_after_each_loss(void **state)
{
	struct rx_port port = {.lost = 0};
	int64_t now_ns = 1000 * BASE_NS_PER_SEC;

	assert_false(rx_port_losing(&port, 0, now_ns));
	assert_true(rx_port_losing(&port, 1, now_ns));
	assert_true(rx_port_losing(&port, 1, now_ns + RX_LOSING_NS - 1));
	assert_false(rx_port_losing(&port, 1, now_ns + RX_LOSING_NS));
	assert_true(rx_port_losing(&port, 9, now_ns + 2 * RX_LOSING_NS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_queue_is_pressed_while_it_fills_faster_than_it_is_emptied),
		cmocka_unit_test(without_losses_nobody_is_pressed),
		cmocka_unit_test(a_port_loses_for_a_while_after_each_loss),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
