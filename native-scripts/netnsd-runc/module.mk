# netnsd-runc: the program, its unit tests and its fuzz target, all from the same sources.
NETNSD_RUNC := $(ROOT)netnsd-runc
NETNSD_RUNC_HEADERS := $(wildcard $(NETNSD_RUNC)/*.h)
# All but main: what the tests link with.
NETNSD_RUNC_PARTS := $(filter-out $(NETNSD_RUNC)/main.c,$(wildcard $(NETNSD_RUNC)/*.c))
NETNSD_RUNC_OBJECTS := $(patsubst $(NETNSD_RUNC)/%.c,$(BUILD)/netnsd-runc.d/%.o,$(NETNSD_RUNC)/main.c $(NETNSD_RUNC_PARTS))
# How long the mutation driver runs, and from which seed, in `check`.
FUZZ_SECONDS ?= 5
FUZZ_SEED ?= 1

# A program linked with musl starts with a fifth of the page faults that glibc's archive takes, 0.2 ms less for each of the three or more
# times that a container's life calls it.
NETNSD_RUNC_CC := $(or $(MUSL),$(CC))

PROGRAMS += $(BUILD)/netnsd-runc
CHECKS += check-netnsd-runc

$(BUILD)/netnsd-runc.d/%.o: $(NETNSD_RUNC)/%.c $(NETNSD_RUNC_HEADERS)
	@mkdir -p $(@D)
	$(NETNSD_RUNC_CC) $(STRICT) $(HARDEN) $(CFLAGS) -c -o $@ $<

$(BUILD)/netnsd-runc: $(NETNSD_RUNC_OBJECTS)
	$(NETNSD_RUNC_CC) $(STATIC) $(LDFLAGS) -o $@ $^

# The program itself with sanitizers, for tests from outside.
$(BUILD)/netnsd-runc-asan: $(NETNSD_RUNC)/main.c $(NETNSD_RUNC_PARTS) $(NETNSD_RUNC_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(STRICT) $(SANITIZE) -o $@ $(filter %.c,$^)

$(BUILD)/netnsd-runc-unit: $(wildcard $(NETNSD_RUNC)/test/*.c) $(wildcard $(NETNSD_RUNC)/test/*.h) $(NETNSD_RUNC_PARTS) $(NETNSD_RUNC_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(STRICT) $(SANITIZE) -I$(NETNSD_RUNC) -o $@ $(filter-out %/fuzz.c %/mutate.c,$(filter %.c,$^))

# With clang: clang -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. test/fuzz.c *.c without main.c
$(BUILD)/netnsd-runc-fuzz: $(NETNSD_RUNC)/test/fuzz.c $(NETNSD_RUNC)/test/mutate.c $(NETNSD_RUNC_PARTS) $(NETNSD_RUNC_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(STRICT) $(SANITIZE) -I$(NETNSD_RUNC) -o $@ $(filter %.c,$^)

check-netnsd-runc: $(BUILD)/netnsd-runc-unit $(BUILD)/netnsd-runc-fuzz
	$(BUILD)/netnsd-runc-unit
	$(BUILD)/netnsd-runc-fuzz --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED) $(NETNSD_RUNC)/test/corpus

.PHONY: check-netnsd-runc
