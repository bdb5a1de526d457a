#include "sinks_private.h"

#include <stdlib.h>
#ifdef RINGTAP_ZLIB
#include <zlib.h>
#endif
#ifdef RINGTAP_ZSTD
#include <zstd.h>
#endif

#define OUT_BYTES (64u << 10)
#define GZIP_LEVEL 6
#define GZIP_WINDOW (15 + 16) /* 16: a gzip header, with no time in it */
#define ZSTD_LEVEL 3

/* What one library does; state is its own. */
struct method {
	const char *name, *extension;
	void *(*open)(void);
	void (*close)(void *state);
	void (*begin)(void *state);
	int (*put)(struct sinks_compress *c, struct base_text *in, bool end, sinks_out_fn out,
		void *context);
};

struct sinks_compress {
	const struct method *method; /* NULL: not in this build */
	void *state;
	uint8_t out[OUT_BYTES];
};

#ifdef RINGTAP_ZLIB
static void *
gzip_open(void)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (z && deflateInit2(z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) !=
			 Z_OK) {
		free(z);
		z = NULL;
	}
	return z;
}

static void
gzip_close(void *state)
{
	deflateEnd(state);
	free(state);
}

static void
gzip_begin(void *state)
{
	deflateReset(state);
}

static int
gzip_put(struct sinks_compress *c, struct base_text *in, bool end, sinks_out_fn out, void *context)
{
	z_stream *z = c->state;
	int result = Z_OK, error = 0;

	z->next_in = (uint8_t *)in->p;
	z->avail_in = (uInt)in->len;
	do {
		z->next_out = c->out;
		z->avail_out = OUT_BYTES;
		result = deflate(z, end ? Z_FINISH : Z_NO_FLUSH);
		if (result == Z_STREAM_ERROR)
			return -BASE_ERR_IO;
		error = out(context, c->out, OUT_BYTES - z->avail_out);
	} while (error == 0 && (end ? result != Z_STREAM_END : z->avail_out == 0));
	return error;
}

static const struct method gzip = {"gzip", ".gz", gzip_open, gzip_close, gzip_begin, gzip_put};
#define GZIP &gzip
#else
#define GZIP NULL
#endif

#ifdef RINGTAP_ZSTD
static void *
zstd_open(void)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();

	if (z) {
		ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, ZSTD_LEVEL);
		ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	}
	return z;
}

static void
zstd_close(void *state)
{
	ZSTD_freeCCtx(state);
}

static void
zstd_begin(void *state)
{
	ZSTD_CCtx_reset(state, ZSTD_reset_session_only);
}

static int
zstd_put(struct sinks_compress *c, struct base_text *in, bool end, sinks_out_fn out, void *context)
{
	ZSTD_inBuffer from = {in->p, in->len, 0};
	size_t left;
	int error = 0;

	do {
		ZSTD_outBuffer to = {c->out, OUT_BYTES, 0};
		left = ZSTD_compressStream2(
			c->state, &to, &from, end ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return -BASE_ERR_IO;
		error = out(context, c->out, to.pos);
	} while (error == 0 && (end ? left != 0 : from.pos < from.size));
	return error;
}

static const struct method zstd = {"zstd", ".zst", zstd_open, zstd_close, zstd_begin, zstd_put};
#define ZSTD &zstd
#else
#define ZSTD NULL
#endif

const char *
sinks_compress_extension(const struct sinks_compress *c)
{
	return c ? c->method->extension : "";
}

const char *
sinks_compress_name(const struct sinks_compress *c)
{
	return c ? c->method->name : "none";
}

int
sinks_compress_new(
	struct sinks_compress **out, enum config_compression compression, struct sys_error *e)
{
	static const struct method *const methods[] = {
		[CONFIG_COMPRESSION_GZIP] = GZIP, [CONFIG_COMPRESSION_ZSTD] = ZSTD};

	*out = NULL;
	if (compression == CONFIG_COMPRESSION_NONE)
		return 0;
	if (methods[compression] == NULL)
		return sys_fail(e, -BASE_ERR_UNSUPPORTED,
			"billing.compression: this ringtap was built without %s",
			compression == CONFIG_COMPRESSION_GZIP ? "zlib" : "libzstd");
	struct sinks_compress *c = calloc(1, sizeof(*c));
	void *state = c ? methods[compression]->open() : NULL;
	if (state == NULL) {
		free(c);
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	}
	c->method = methods[compression];
	c->state = state;
	*out = c;
	return 0;
}

void
sinks_compress_free(struct sinks_compress *c)
{
	if (c == NULL)
		return;
	c->method->close(c->state);
	free(c);
}

void
sinks_compress_begin(struct sinks_compress *c)
{
	c->method->begin(c->state);
}

int
sinks_compress_put(
	struct sinks_compress *c, struct base_text *in, bool end, sinks_out_fn out, void *context)
{
	return c->method->put(c, in, end, out, context);
}
