#ifndef NETNSD_SPEC_PLACES_H
#define NETNSD_SPEC_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "json.h"

/* Some of a text's bytes. */
struct slice {
  const char *start;
  size_t length;
};

/* The end of the last member of an object, or element of an array, behind which others are added, and how they are to look: as that one. */
struct place {
  const char *behind;
  /* Before the member's key, or the element, from its last line break on. */
  struct slice gap;
  /* Between key and value; empty for an array. */
  struct slice colon;
};

/* Longer ones are not copied, so the size of an addition is known beforehand. */
enum { PLACE_SLICE_MAX = 256 };

/* Where in the text of a config.json an endpoint is written down. */
struct spec_places {
  const char *text;
  size_t length;
  /* The network's entry in linux.namespaces. */
  struct place network;
  /* The annotations or, if there are none (`annotations` then is no object), the spec itself. */
  struct place holder;
  struct json annotations;
  /* Whether DNS files can be mounted: there are mounts, each with a destination that can be read. */
  bool mountable;
  struct place mounts;
  /* Whether the spec mounts something at /etc/hosts, at /etc/resolv.conf, or above; then that takes precedence. */
  bool mounts_hosts;
  bool mounts_resolv_conf;
  /* `start` is NULL where there is none. */
  struct json hostname;
  /* One level of indentation; empty where all is on one line. */
  struct slice unit;
};

/*
 * Finds them in a spec of SPEC_WANTS_ENDPOINT that is of the usual kind. False for all that the daemon would refuse, or edit otherwise than
 * by adding members behind others (src/oci/spec.ts, patch.ts, object-edit.ts): it is asked then. Pure; the text must outlive the places.
 */
bool spec_places_find(struct spec_places *places, const char *text, size_t length);

#endif
