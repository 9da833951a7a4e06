// SPDX-License-Identifier: Apache-2.0
#include "app/settings_text.h"

#include <boost/json.hpp>

#include "app/setting_table.h"
#include "base/text.h"

namespace signpost::app {
namespace {

std::string_view section_of(std::string_view path) { return path.substr(0, path.find('.')); }
std::string_view name_of(std::string_view path) { return path.substr(path.find('.') + 1); }

std::string shown(const Setting& setting, const Settings& settings) {
  const auto value = setting.show(settings);
  if (setting.secrecy == Secrecy::kSecret) return value == "\"\"" ? value : "\"***\"";
  return setting.path == "store.url" ? toml_text(mask_url(settings.store.url)) : value;
}

std::string origin_of(const LoadedSettings& loaded, std::string_view path) {
  const auto found = loaded.origins.find(path);
  return found == loaded.origins.end() ? "default" : found->second;
}

/// A Settings whose only issuer is the given one, because rows of lists show the last; the same for authorities.
Settings with(const Settings::Issuer& issuer) {
  Settings settings;
  settings.issuers = {issuer};
  return settings;
}
Settings with(const Settings::Authority& authority) {
  Settings settings;
  settings.authorities = {authority};
  return settings;
}

template <typename Item>
void show_list(std::string& text, const LoadedSettings& loaded, std::string_view name, const std::vector<Item>& items,
               std::span<const Setting> rows) {
  for (const auto& item : items) {
    text += format("\n[[{}]]  # {}\n", name, origin_of(loaded, name));
    const auto one = with(item);
    for (const auto& row : rows) text += format("{} = {}\n", name_of(row.path), row.show(one));
  }
}

template <typename Item>
boost::json::array list_json(const std::vector<Item>& items, std::span<const Setting> rows) {
  boost::json::array list;
  for (const auto& item : items) {
    boost::json::object members;
    const auto one = with(item);
    for (const auto& row : rows) members[name_of(row.path)] = row.show(one);
    list.push_back(std::move(members));
  }
  return list;
}

constexpr std::string_view kHead = R"(# Configuration

Signpost runs without a configuration file: every setting has a default. A file is TOML and is named with `--config`:

```sh
signpost config check signpost.toml                            # says what is wrong, with the line
signpost config show --config signpost.toml                    # what holds, and where each value comes from
signpost serve --config signpost.toml --data /var/lib/signpost
```

Unknown keys, wrong types and values outside their limits are errors that name the file and the line. A change takes effect at the
next start. [`packaging/signpost.toml`](../../packaging/signpost.toml) is an example to begin with.

**Types.** A duration is text with one unit: `"250ms"`, `"20s"`, `"15m"`, `"24h"`, `"3d"`. A network is an address with a prefix length,
`"10.0.0.0/8"`, or one address. An address and port is `"127.0.0.1:8080"` or `"[::1]:8080"`. Outside of comments a file is
ASCII; other characters are written as `"\u00fc"` in double quotes.

**Data directory.** `--data DIR` holds the database, the master key and the lock of the running server (and nothing else has to be
backed up, see [backup.md](backup.md)). Without `--data` it is `/var/lib/signpost` if that exists and is writable, otherwise
`./signpost-data`. The commands `app`, `member` and `key` work on the same store: give them the same `--config` and `--data` as `serve`.

**Environment.** `SIGNPOST_MASTER_KEY`, `SIGNPOST_STORE_URL` and `SIGNPOST_SMTP_PASSWORD` override the file. The commands that talk to the API read
`SIGNPOST_KEY`; `webhook verify` and `webhook listen` read `SIGNPOST_SECRET`.

This page is printed by `signpost config docs`; a test holds it against the program.
)";

void add_table(std::string& page, std::string_view heading, std::span<const Setting> rows, const Settings& defaults) {
  page += format("\n## {}\n\n| Setting | Type | Default | Meaning |\n|---|---|---|---|\n", heading);
  for (const auto& row : rows) {
    const auto variable = row.variable.empty() ? std::string{} : format(" Environment: `{}`.", row.variable);
    page += format("| `{}` | {} | `{}` | {}{} |\n", name_of(row.path), row.type, row.show(defaults), row.doc, variable);
  }
}

}  // namespace

std::string show_settings(const LoadedSettings& loaded) {
  std::string text;
  std::string_view section;
  for (const auto& setting : setting_table()) {
    if (section != section_of(setting.path)) {
      section = section_of(setting.path);
      text += format("{}[{}]\n", text.empty() ? "" : "\n", section);
    }
    // A secret cannot stand in a file, so its line is a comment.
    text += format("{}{} = {}  # {}\n", setting.secrecy == Secrecy::kSecret ? "# " : "", name_of(setting.path),
                   shown(setting, loaded.settings), origin_of(loaded, setting.path));
  }
  show_list(text, loaded, "issuers", loaded.settings.issuers, issuer_table());
  show_list(text, loaded, "authorities", loaded.settings.authorities, authority_table());
  return text;
}

std::string show_settings_json(const LoadedSettings& loaded) {
  boost::json::object all;
  for (const auto& setting : setting_table()) {
    all[setting.path] = {{"value", shown(setting, loaded.settings)}, {"origin", origin_of(loaded, setting.path)}};
  }
  all["issuers"] = list_json(loaded.settings.issuers, issuer_table());
  all["authorities"] = list_json(loaded.settings.authorities, authority_table());
  return boost::json::serialize(all);
}

std::string settings_documentation() {
  std::string page(kHead);
  const Settings defaults;
  const auto table = setting_table();
  for (std::size_t begin = 0; begin < table.size();) {
    std::size_t end = begin;
    while (end < table.size() && section_of(table[end].path) == section_of(table[begin].path)) ++end;
    add_table(page, format("`[{}]`", section_of(table[begin].path)), table.subspan(begin, end - begin), defaults);
    begin = end;
  }
  add_table(page, "`[[issuers]]`, one for each identity provider", issuer_table(), with(Settings::Issuer{}));
  add_table(page, "`[[authorities]]`, one for each certificate authority, by preference", authority_table(),
            with(Settings::Authority{}));
  return page;
}

}  // namespace signpost::app
