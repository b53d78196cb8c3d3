# netnsd-vault: always static where that is possible, for it goes on from a copy of itself where there is no library.
NETNSD_VAULT := $(ROOT)netnsd-vault
NETNSD_VAULT_CC := $(or $(MUSL),$(CC))

PROGRAMS += $(BUILD)/netnsd-vault

vault: $(BUILD)/netnsd-vault
.PHONY: vault

# Written beside and renamed: the one before may be running.
$(BUILD)/netnsd-vault: $(wildcard $(NETNSD_VAULT)/*.c) $(wildcard $(NETNSD_VAULT)/*.h)
	@mkdir -p $(@D)
	$(NETNSD_VAULT_CC) $(STRICT) $(HARDEN) $(CFLAGS) $(STATIC) $(LDFLAGS) -o $@.new $(filter %.c,$^)
	mv $@.new $@
