# make install, uninstall, deb. Included by the Makefile.
#   prefix, bindir, libdir ...  the GNU directory variables;  DESTDIR  in front of them all
# (prefix, exec_prefix and libexecdir are set in the Makefile: cnngen looks for importers there.)
# Manual pages and the like are made from cnngen's own tables by awk: a cnngen for another machine can be
# installed here.

bindir      ?= $(exec_prefix)/bin
libdir      ?= $(exec_prefix)/lib
includedir  ?= $(prefix)/include
datarootdir ?= $(prefix)/share
datadir     ?= $(datarootdir)
docdir      ?= $(datarootdir)/doc/cnngen
mandir      ?= $(datarootdir)/man
bashcompletiondir ?= $(datarootdir)/bash-completion/completions
zshcompletiondir  ?= $(datarootdir)/zsh/site-functions
fishcompletiondir ?= $(datarootdir)/fish/vendor_completions.d
INSTALL         ?= install
INSTALL_PROGRAM ?= $(INSTALL)
INSTALL_DATA    ?= $(INSTALL) -m 644

VERSION     := $(shell awk '/define CNN_VERSION_M|define CNN_VERSION_P/ { v = v dot $$3; dot = "." } END { print v }' \
                   runtime/cnn_version.h)
SUPPORT     := runtime/integration
runtimedir   = $(datadir)/cnngen/runtime
schema       = $(datadir)/cnngen/cnngen-1.schema.json
cmakedir     = $(libdir)/cmake/cnngen
DOCS        := $(wildcard docs/*.md docs/*.py docs/*.json)
EXAMPLES    := $(shell find examples -type f ! -path '*/build/*' 2>/dev/null)
FILL         = sed -e 's|@version@|$(VERSION)|g' -e 's|@prefix@|$(prefix)|g' -e 's|@bindir@|$(bindir)|g' \
               -e 's|@libdir@|$(libdir)|g' -e 's|@includedir@|$(includedir)|g' -e 's|@runtimedir@|$(runtimedir)|g'
MANUAL       = awk -v version=$(VERSION) -v schema=$(schema) -v options=generator/help.c -v layers=docs/layers.md \
               -f generator/host/man.awk

# Files as they are: FROM:TO. Files made on the way: FROM:TO of a command that reads FROM.
PLAIN = $(foreach h,$(wildcard runtime/*.h),$(h):$(includedir)/cnngen/$(notdir $(h))) \
    $(B)/libcnngen_rt.a:$(libdir)/libcnngen_rt.a $(foreach c,$(wildcard runtime/*.c),$(c):$(runtimedir)/$(notdir $(c))) \
    docs/cnngen-1.schema.json:$(schema) \
    $(SUPPORT)/cmake/cnngen-targets.cmake:$(cmakedir)/cnngen-targets.cmake \
    $(SUPPORT)/cmake/cnngen-generate.cmake:$(cmakedir)/cnngen-generate.cmake \
    $(SUPPORT)/completions/cnngen.bash:$(bashcompletiondir)/cnngen \
    $(SUPPORT)/completions/_cnngen:$(zshcompletiondir)/_cnngen \
    $(SUPPORT)/completions/cnngen.fish:$(fishcompletiondir)/cnngen.fish \
    LICENSE:$(docdir)/LICENSE README.md:$(docdir)/README.md $(foreach d,$(DOCS),$(d):$(docdir)/$(d)) \
    $(foreach e,$(EXAMPLES),$(e):$(docdir)/$(e))
FILLED = $(SUPPORT)/cnngen.pc.in:$(libdir)/pkgconfig/cnngen.pc \
    $(SUPPORT)/cmake/cnngen-config.cmake.in:$(cmakedir)/cnngen-config.cmake \
    $(SUPPORT)/cmake/cnngen-config-version.cmake.in:$(cmakedir)/cnngen-config-version.cmake
PAGES = $(SUPPORT)/man/cnngen.1.in:$(mandir)/man1/cnngen.1 \
    $(SUPPORT)/man/cnngen-spec.5.in:$(mandir)/man5/cnngen-spec.5
IMPORTERS = $(wildcard $(B)/cnngen-import-*)
PROGRAMS = $(B)/cnngen:$(bindir)/cnngen \
    $(foreach i,$(filter-out %.d %.o,$(IMPORTERS)),$(i):$(libexecdir)/cnngen/$(notdir $(i)))

from    = $(firstword $(subst :, ,$(1)))
to      = $(DESTDIR)$(lastword $(subst :, ,$(1)))
targets = $(foreach p,$(PROGRAMS) $(PLAIN) $(FILLED) $(PAGES),$(call to,$(p)))
define newline


endef

install: all
	$(Q)$(INSTALL) -d $(sort $(dir $(targets)))
	$(foreach p,$(PROGRAMS),$(Q)$(INSTALL_PROGRAM) $(call from,$(p)) $(call to,$(p))$(newline)	)
	$(foreach p,$(PLAIN),$(Q)$(INSTALL_DATA) $(call from,$(p)) $(call to,$(p))$(newline)	)
	$(foreach p,$(FILLED),$(Q)$(FILL) $(call from,$(p)) >$(B)/filled && $(INSTALL_DATA) $(B)/filled $(call to,$(p))$(newline)	)
	$(foreach p,$(PAGES),$(Q)$(MANUAL) $(call from,$(p)) >$(B)/filled && $(INSTALL_DATA) $(B)/filled $(call to,$(p))$(newline)	)
	$(Q)rm -f $(B)/filled

# The folders that are cnngen's own go too, when nothing else is in them.
uninstall:
	$(foreach f,$(targets),$(Q)rm -f $(f)$(newline)	)
	$(Q)for d in $(docdir) $(datadir)/cnngen $(cmakedir) $(includedir)/cnngen $(libexecdir)/cnngen; do \
		[ ! -d "$(DESTDIR)$$d" ] || find "$(DESTDIR)$$d" -depth -type d -empty -delete; done

# A package of what is installed; the libraries it depends on are those that its programs name.
# Whoever gives it to others puts their own name into DEB_MAINTAINER.
DEB_DIR  ?= $(B)
DEB_ARCH ?= $(shell dpkg --print-architecture)
DEB_MAINTAINER ?= The authors of cnngen <cnngen@example.org>
DEB_ROOT := $(B)/debian/root
DEBIAN   := $(SUPPORT)/debian

# It is built anew in a folder of its own, since programs may know their prefix.
deb:
	$(Q)rm -rf $(DEB_ROOT)
	$(Q)umask 022; mkdir -p $(DEB_ROOT)/DEBIAN; $(MAKE) -s install B=$(B)/debian/build MODE=release prefix=/usr \
		DESTDIR=$(abspath $(DEB_ROOT)) zshcompletiondir=/usr/share/zsh/vendor-completions
	$(Q)sh $(DEBIAN)/pack.sh $(DEB_ROOT) $(DEBIAN) $(VERSION) $(DEB_ARCH) "$(DEB_MAINTAINER)" $(DEB_DIR)

.PHONY: install uninstall deb
