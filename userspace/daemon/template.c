// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Texts with values in them, as in Prometheus' rules:
 *
 *	{{ $value }}  {{ $labels.node }}  {{ $value | humanize }}
 *
 * Filters: humanize (1.5k), humanize_bytes (1.5 MiB), humanize_percent (15.2%
 * of 0.152) and humanize_duration (1h 2m of seconds).
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A value with the greatest of some prefixes. */
static void scaled(double value, double base, const char *const *prefixes,
		   size_t nr, char *text, size_t size)
{
	size_t i = 0;

	while (i + 1 < nr && fabs(value) >= base) {
		value /= base;
		i++;
	}
	snprintf(text, size, "%.4g%s", value, prefixes[i]);
}

static void humanize(double value, char *text, size_t size)
{
	static const char *const prefixes[] = { "", "k", "M", "G", "T", "P" };

	scaled(value, 1000, prefixes, ARRAY_SIZE(prefixes), text, size);
}

static void humanize_bytes(double value, char *text, size_t size)
{
	static const char *const prefixes[] = { " B", " KiB", " MiB", " GiB",
						" TiB", " PiB" };

	scaled(value, 1024, prefixes, ARRAY_SIZE(prefixes), text, size);
}

static void humanize_percent(double value, char *text, size_t size)
{
	snprintf(text, size, "%.4g%%", value * 100);
}

static void humanize_duration(double value, char *text, size_t size)
{
	const char *sign = value < 0 ? "-" : "";
	double s = fabs(value);

	if (!isfinite(value))
		snprintf(text, size, "%g", value);
	else if (s < 1)
		snprintf(text, size, "%s%.4gms", sign, s * 1000);
	else if (s < 60)
		snprintf(text, size, "%s%.4gs", sign, s);
	else if (s < 3600)
		snprintf(text, size, "%s%.0fm %.0fs", sign, floor(s / 60),
			 floor(fmod(s, 60)));
	else if (s < 86400)
		snprintf(text, size, "%s%.0fh %.0fm", sign, floor(s / 3600),
			 floor(fmod(s, 3600) / 60));
	else
		snprintf(text, size, "%s%.0fd %.0fh", sign, floor(s / 86400),
			 floor(fmod(s, 86400) / 3600));
}

static void plain(double value, char *text, size_t size)
{
	snprintf(text, size, "%.10g", value);
}

static const struct filter {
	const char *name;
	void (*format)(double value, char *text, size_t size);
} filters[] = {
	{ "", plain },
	{ "humanize", humanize },
	{ "humanize_bytes", humanize_bytes },
	{ "humanize_percent", humanize_percent },
	{ "humanize_duration", humanize_duration },
};

/* What is between two braces. */
struct hole {
	const char *label;	/* NULL for the value */
	size_t label_length;
	const struct filter *filter;
	const char *end;	/* after the closing braces */
};

static const char *skip(const char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

static size_t name_length(const char *at)
{
	size_t length = 0;

	while (isalnum((unsigned char)at[length]) || at[length] == '_')
		length++;
	return length;
}

/* NULL, or why it is none; @at is left where that is. */
static const char *read_hole(const char **at, struct hole *hole)
{
	size_t length;

	*hole = (struct hole){ .filter = &filters[0] };
	*at = skip(*at);
	if (!strncmp(*at, "$labels.", 8)) {
		*at += 8;
		hole->label = *at;
		hole->label_length = name_length(*at);
		if (!hole->label_length)
			return "expected the name of a label";
		*at += hole->label_length;
	} else if (!strncmp(*at, "$value", 6) && !name_length(*at + 6)) {
		*at += 6;
	} else {
		return "expected $value or $labels.NAME";
	}
	*at = skip(*at);
	if (**at == '|' && !hole->label) {
		*at = skip(*at + 1);
		length = name_length(*at);
		hole->filter = NULL;
		for (size_t i = 1; i < ARRAY_SIZE(filters); i++)
			if (strlen(filters[i].name) == length &&
			    !memcmp(filters[i].name, *at, length))
				hole->filter = &filters[i];
		if (!hole->filter)
			return "expected humanize, humanize_bytes, humanize_percent or humanize_duration";
		*at = skip(*at + length);
	}
	if (strncmp(*at, "}}", 2))
		return "expected '}}'";
	hole->end = *at + 2;
	return NULL;
}

/** template_check() - is it one? Sets the error when not. */
bool template_check(const char *text, struct expr_error *error)
{
	const char *at = text, *why;
	struct hole hole;

	while ((at = strstr(at, "{{"))) {
		at += 2;
		why = read_hole(&at, &hole);
		if (why) {
			snprintf(error->text, sizeof(error->text), "%s", why);
			error->offset = at - text;
			return false;
		}
		at = hole.end;
	}
	return true;
}

static void put_hole(FILE *out, const struct hole *hole,
		     const struct label *labels, unsigned int nr_labels,
		     double value)
{
	char text[64];

	if (!hole->label) {
		hole->filter->format(value, text, sizeof(text));
		fputs(text, out);
		return;
	}
	for (unsigned int i = 0; i < nr_labels; i++)
		if (strlen(labels[i].name) == hole->label_length &&
		    !memcmp(labels[i].name, hole->label, hole->label_length))
			fputs(labels[i].value, out);
}

/**
 * template_expand() - a text with its values
 * @text: passed template_check()
 *
 * Return: for free(), or NULL without memory.
 */
char *template_expand(const char *text, const struct label *labels,
		      unsigned int nr_labels, double value)
{
	const char *hole_at;
	char *result = NULL;
	struct hole hole;
	size_t size;
	FILE *out = open_memstream(&result, &size);

	if (!out)
		return NULL;
	while ((hole_at = strstr(text, "{{"))) {
		fwrite(text, 1, hole_at - text, out);
		hole_at += 2;
		if (read_hole(&hole_at, &hole))
			break;
		put_hole(out, &hole, labels, nr_labels, value);
		text = hole.end;
	}
	fputs(text, out);
	if (!fclose(out))
		return result;
	free(result);
	return NULL;
}
