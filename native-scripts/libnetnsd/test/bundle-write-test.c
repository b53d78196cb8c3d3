#include "bundle-write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static struct bundle bundle;
static char spec_path[PATH_MAX + 16];

static void write_spec(const char *text) {
  FILE *file = fopen(spec_path, "w");
  CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static const char *spec_text(void) {
  static char text[256];
  FILE *file = fopen(spec_path, "r");
  size_t length = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
  text[length] = '\0';
  if (file != NULL) fclose(file);
  return text;
}

static int count_entries(void) {
  DIR *folder = opendir(bundle.path);
  int count = 0;
  while (folder != NULL && readdir(folder) != NULL) count++;
  if (folder != NULL) closedir(folder);
  return count - 2;
}

static enum bundle_written write_edited(const char *one, const char *two) {
  static struct spec_edit edit;
  edit.count = 3;
  edit.pieces[0] = (struct iovec){.iov_base = (char *)one, .iov_len = strlen(one)};
  edit.pieces[1] = (struct iovec){.iov_base = (char *)one, .iov_len = 0};
  edit.pieces[2] = (struct iovec){.iov_base = (char *)two, .iov_len = strlen(two)};
  return bundle_write(&bundle, &edit);
}

static void check_changes(void) {
  test("a spec that was changed or replaced after it was read is left alone, and nothing beside it");
  CHECK(stat(spec_path, &bundle.status) == 0);
  write_spec("longer");
  CHECK(write_edited("a", "b") == BUNDLE_CHANGED);
  CHECK(stat(spec_path, &bundle.status) == 0);
  bundle.status.st_mtim.tv_nsec ^= 1;
  CHECK(write_edited("a", "b") == BUNDLE_CHANGED);
  CHECK(stat(spec_path, &bundle.status) == 0);
  bundle.status.st_ino++;
  CHECK(write_edited("a", "b") == BUNDLE_CHANGED);
  CHECK_TEXT(spec_text(), "longer");
  CHECK(count_entries() == 1);
  CHECK(unlink(spec_path) == 0);
  CHECK(write_edited("a", "b") == BUNDLE_CHANGED);
  CHECK(count_entries() == 0);
}

void test_bundle_write(void) {
  const char *temporary = getenv("TMPDIR");
  snprintf(bundle.path, sizeof bundle.path, "%s/netnsd-runc-unit-XXXXXX", temporary == NULL ? "/tmp" : temporary);
  test("a spec is replaced by all pieces of its edited text, and keeps its permissions");
  CHECK(mkdtemp(bundle.path) != NULL);
  snprintf(spec_path, sizeof spec_path, "%s/config.json", bundle.path);
  write_spec("{}");
  CHECK(chmod(spec_path, 0604) == 0 && stat(spec_path, &bundle.status) == 0);
  CHECK(write_edited("new ", "text") == BUNDLE_WRITTEN);
  CHECK_TEXT(spec_text(), "new text");
  CHECK(stat(spec_path, &bundle.status) == 0 && (bundle.status.st_mode & 07777) == 0604);
  CHECK(count_entries() == 1);
  check_changes();
  test("a bundle that is not there any more is a failure that says why");
  CHECK(rmdir(bundle.path) == 0);
  CHECK(write_edited("a", "b") == BUNDLE_FAILED && errno == ENOENT);
}
