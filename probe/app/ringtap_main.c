/* ringtap: the operator's tool.  Everything is in room cli. */
#include <locale.h>
#include <stdio.h>

#include "cli.h"

int
main(int argc, char **argv)
{
	/* Which characters the terminal takes; numbers and sorting stay those of C. */
	setlocale(LC_CTYPE, "");
	return cli_main(argc, argv, stdout, stderr);
}
