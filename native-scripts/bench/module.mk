# The benchmarks' programs: one C file each, with the headers beside it.
BENCH_PROGRAMS := $(addprefix $(BUILD)/,build-reference settle-namespaces acquire-load plugin-load network-load no-plugin)
PROGRAMS += $(BENCH_PROGRAMS)

.PHONY: bench
bench: $(BENCH_PROGRAMS) $(BUILD)/netnsd-runc $(BUILD)/netnsd-cni

# Written beside and renamed: a benchmark may be running the one before.
$(BENCH_PROGRAMS): $(BUILD)/%: $(ROOT)bench/%.c $(wildcard $(ROOT)bench/*.h)
	@mkdir -p $(BUILD)
	$(CC) $(CFLAGS) $(STRICT) -o $@.$$$$ $< $(LDFLAGS) && mv $@.$$$$ $@
