#ifndef NETNSD_BUNDLE_WRITE_H
#define NETNSD_BUNDLE_WRITE_H

#include "bundle.h"
#include "spec-edit.h"

enum bundle_written {
  BUNDLE_WRITTEN,
  BUNDLE_CHANGED, /* config.json is not any more the file that was read, and is left alone */
  BUNDLE_FAILED,  /* it is as it was; errno says why */
};

/* Replaces the bundle's config.json by its edited text, by a rename; owner and permissions are kept. Uses up the edit. */
enum bundle_written bundle_write(const struct bundle *bundle, struct spec_edit *edit);

#endif
