# The benchmarks' programs: one C file each, with the headers beside it.
BENCH_PROGRAMS := $(addprefix $(BUILD)/,build-reference settle-namespaces acquire-load plugin-load network-load no-plugin)
PROGRAMS += $(BENCH_PROGRAMS) $(BUILD)/primes

.PHONY: bench
bench: $(BENCH_PROGRAMS) $(BUILD)/primes $(BUILD)/netnsd $(BUILD)/netnsd-runc $(BUILD)/netnsd-cni

# Written beside and renamed: a benchmark may be running the one before.
$(BENCH_PROGRAMS): $(BUILD)/%: $(ROOT)bench/%.c $(wildcard $(ROOT)bench/*.h)
	@mkdir -p $(BUILD)
	$(CC) $(CFLAGS) $(STRICT) -o $@.$$$$ $< $(LDFLAGS) && mv $@.$$$$ $@

# Runs in a container that holds nothing else, so it must need no library.
$(BUILD)/primes: $(ROOT)bench/primes.c
	@mkdir -p $(BUILD)
	$(PROGRAM_CC) $(CFLAGS) $(STRICT) -static -o $@.$$$$ $< && mv $@.$$$$ $@
