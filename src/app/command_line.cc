// SPDX-License-Identifier: Apache-2.0
#include "app/command_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "acme/client.h"
#include "app/acme_zone_command.h"
#include "app/application_command.h"
#include "app/authority_command.h"
#include "app/certificate_command.h"
#include "app/config_command.h"
#include "app/dns_explain.h"
#include "app/dns_observe.h"
#include "app/mail_command.h"
#include "app/member_command.h"
#include "app/serve.h"
#include "app/setting_table.h"
#include "app/version.h"
#include "app/watch.h"
#include "app/webhook_history.h"
#include "app/webhook_listen.h"
#include "app/webhook_sample.h"
#include "app/webhook_verify.h"
#include "base/host_name.h"
#include "base/id.h"
#include "base/record_type.h"
#include "base/text.h"
#include "dns/cause.h"
#include "model/event.h"
#include "net/url.h"
#include "services/certificate_cause.h"
#include "services/client_secrets.h"
#include "services/event_schema_json.h"

namespace signpost::app {
namespace {

using Action = std::function<Result<Exit>(Console&)>;

/// One command: its options, filled in by CLI11, and what to run with them once all words are understood.
template <typename Options>
struct Command {
  CLI::App& cli;
  std::shared_ptr<Options> options;  // owned here and by the callbacks inside CLI11
};

template <typename Options, typename Run>
Command<Options> add_command(CLI::App& parent, Action& chosen, const char* name, const char* summary,
                             const char* examples, Run run) {
  auto& cli = *parent.add_subcommand(name, summary);
  if (*examples != '\0') cli.footer(std::string("Examples:\n") + examples);
  auto options = std::make_shared<Options>();
  cli.callback(
      [&chosen, options, run] { chosen = [options, run](Console& console) { return run(console, *options); }; });
  return {cli, options};
}

/// An option whose text is parsed by one of our own parsers; its error becomes the usage error.
template <typename T, typename Parse>
CLI::Option* add_parsed(CLI::App& cli, const char* name, T& into, Parse parse, const char* help) {
  return cli.add_option_function<std::string>(
      name,
      [&into, parse, name](const std::string& text) {
        auto value = parse(text);
        if (!value) throw CLI::ValidationError(name, value.error().message);
        into = *std::move(value);
      },
      help);
}

template <typename T, typename Parse>
CLI::Option* add_parsed_list(CLI::App& cli, const char* name, std::vector<T>& into, Parse parse, const char* help) {
  return cli
      .add_option_function<std::vector<std::string>>(
          name,
          [&into, parse, name](const std::vector<std::string>& texts) {
            for (const auto& text : texts) {
              auto value = parse(text);
              if (!value) throw CLI::ValidationError(name, value.error().message);
              into.push_back(*std::move(value));
            }
          },
          help)
      ->allow_extra_args(false);
}

/// A text that one of our parsers refuses is a usage error; the command itself may parse it again.
template <typename Parse>
CLI::Option* checked(CLI::Option* option, Parse parse) {
  return option->check([parse](const std::string& text) {
    const auto parsed = parse(text);
    return parsed ? std::string() : parsed.error().message;
  });
}

template <typename Word>
void add_switch(CLI::App& cli, const char* name, Word& into, Word word, const char* help) {
  cli.add_flag_callback(name, [&into, word] { into = word; }, help);
}

void add_json(CLI::App& cli, OutputForm& form) {
  add_switch(cli, "--json", form, OutputForm::kJson, "Print JSON, for machines");
}

void add_store(CLI::App& cli, StoreOptions& store) {
  cli.add_option("--config", store.config, "Settings file (TOML); without it all defaults hold")->type_name("FILE");
  cli.add_option("--data", store.data, "Data directory; default /var/lib/signpost if writable, else ./signpost-data")
      ->type_name("DIR");
}

void add_api(CLI::App& cli, ApiOptions& api) {
  checked(cli.add_option("--server", api.server, "Where the API of signpost serve is"), net::Url::parse)
      ->type_name("URL")
      ->capture_default_str();
  cli.add_option("--key", api.key, "API key; better in the environment: SIGNPOST_KEY")->type_name("KEY");
}

// ── serve, config ───────────────────────────────────────────────────────────────────────────────────────────────

void add_serve(CLI::App& root, Action& chosen) {
  auto [cli, options] = add_command<StoreOptions>(
      root, chosen, "serve", "Run the server",
      "  signpost serve                                    # defaults, everything in ./signpost-data\n"
      "  signpost serve --config /etc/signpost/signpost.toml --data /var/lib/signpost\n\n"
      "The first start creates database, master key and one admin key, which it prints once. SIGTERM ends it in order.",
      serve);
  add_store(cli, *options);
}

struct ConfigOptions {
  std::filesystem::path file;
  OutputForm form = OutputForm::kText;
};

void add_config(CLI::App& root, Action& chosen) {
  auto& config = *root.add_subcommand("config", "Check a settings file, or show what holds")->require_subcommand(1);
  auto [check, check_options] = add_command<ConfigOptions>(
      config, chosen, "check", "Say whether a settings file is good, and if not, why and where",
      "  signpost config check signpost.toml",
      [](Console& console, const ConfigOptions& options) { return config_check(console, options.file); });
  check.add_option("FILE", check_options->file, "Settings file (TOML)")->required()->type_name("");
  auto [show, show_options] = add_command<ConfigOptions>(
      config, chosen, "show", "Show every setting, its value and where it came from; secrets masked",
      "  signpost config show\n  signpost config show --config signpost.toml --json",
      [](Console& console, const ConfigOptions& options) { return config_show(console, options.file, options.form); });
  show.add_option("--config", show_options->file, "Settings file (TOML)")->type_name("FILE");
  add_json(show, show_options->form);
  auto [docs, docs_options] =
      add_command<ConfigOptions>(config, chosen, "docs", "Print docs/operating/configuration.md", "",
                                 [](Console& console, const ConfigOptions&) { return config_docs(console); });
  docs.group("");  // for those who change the program, not for those who run it
}

// ── app, key ────────────────────────────────────────────────────────────────────────────────────────────────────

struct ApplicationOptions {
  StoreOptions store;
  std::string id;
  services::ApplicationWish wish;
  Milliseconds overlap = services::kOverlapDefault;
  Confirmed confirmed = Confirmed::kNo;
  OutputForm form = OutputForm::kText;
};

template <typename Run>
Command<ApplicationOptions> add_application_command(CLI::App& app, Action& chosen, const char* name,
                                                    const char* summary, const char* examples, Run run) {
  auto command = add_command<ApplicationOptions>(app, chosen, name, summary, examples, run);
  add_store(command.cli, command.options->store);
  return command;
}

void require_id(Command<ApplicationOptions>& command) {
  checked(command.cli.add_option("ID", command.options->id, "The application, app_…"), ApplicationId::parse)
      ->required()
      ->type_name("");
}

void add_app_create(CLI::App& app, Action& chosen) {
  auto [cli, options] = add_application_command(
      app, chosen, "create", "Make an application; prints its id and secret once",
      "  signpost app create --name 'My SaaS' --webhook-url https://api.saas.example/webhooks \\\n"
      "      --cname-target app.saas.example --allowed-origin https://app.saas.example",
      [](Console& console, const ApplicationOptions& o) { return app_create(console, o.store, o.wish, o.form); });
  auto& wish = options->wish;
  cli.add_option("--name", wish.name, "What people call it")->required();
  cli.add_option("--webhook-url", wish.webhook_url, "Where its events go (http or https)")->type_name("URL");
  cli.add_option("--owner-email", wish.owner_email, "Who is warned by mail when webhooks cannot be delivered")
      ->type_name("ADDRESS");
  cli.add_option("--cname-target", wish.cname_target, "What {CNAME_TARGET} in records stands for")->type_name("HOST");
  cli.add_flag("--supports-dkim", wish.supports_dkim,
               "Watch DKIM for flows that expect a selector's record (Enable support for DKIM)");
  cli.add_option("--allowed-origin", wish.allowed_origins, "Origin whose browsers may call (CORS); may be repeated")
      ->type_name("ORIGIN")
      ->allow_extra_args(false);
  cli.add_option("--issuer", wish.identity.issuer,
                 "Identity provider of its organizations: the claim iss; its keys are in [[issuers]]");
  cli.add_option("--audience", wish.identity.audiences, "Accepted claim aud or azp; may be repeated; none: any")
      ->allow_extra_args(false);
  add_json(cli, options->form);
}

void add_app_secrets(CLI::App& app, Action& chosen) {
  auto rotate = add_application_command(
      app, chosen, "rotate-secret", "Make a new secret beside the old one, which lives on for a while",
      "  signpost app rotate-secret app_01hx3… --overlap 24h", [](Console& console, const ApplicationOptions& o) {
        return app_rotate_secret(console, o.store, o.id, o.overlap, o.form);
      });
  require_id(rotate);
  add_parsed(rotate.cli, "--overlap", rotate.options->overlap, parse_duration,
             "How long the old secrets live on, at most 7d (default 24h)")
      ->type_name("DURATION");
  add_json(rotate.cli, rotate.options->form);
  auto promote = add_application_command(
      app, chosen, "promote-secret", "Let the newest secret sign the Entri headers now",
      "  signpost app promote-secret app_01hx3…",
      [](Console& console, const ApplicationOptions& o) { return app_promote_secret(console, o.store, o.id); });
  require_id(promote);
}

void add_app(CLI::App& root, Action& chosen) {
  auto& app =
      *root.add_subcommand("app", "Applications and their secrets, directly on the database")->require_subcommand(1);
  add_app_create(app, chosen);
  auto list = add_application_command(
      app, chosen, "list", "List all applications", "",
      [](Console& console, const ApplicationOptions& o) { return app_list(console, o.store, o.form); });
  add_json(list.cli, list.options->form);
  auto show = add_application_command(
      app, chosen, "show", "Show one application; never its secret", "",
      [](Console& console, const ApplicationOptions& o) { return app_show(console, o.store, o.id, o.form); });
  require_id(show);
  add_json(show.cli, show.options->form);
  add_app_secrets(app, chosen);
  auto remove = add_application_command(
      app, chosen, "delete", "Delete an application with all its data; without --yes it only says what would go",
      "  signpost app delete app_01hx3…          # shows what would be deleted\n  signpost app delete app_01hx3… --yes",
      [](Console& console, const ApplicationOptions& o) { return app_delete(console, o.store, o.id, o.confirmed); });
  require_id(remove);
  add_switch(remove.cli, "--yes", remove.options->confirmed, Confirmed::kYes, "Really delete it");
}

struct KeyOptions {
  StoreOptions store;
  std::string id;
  std::string name = "command line";
  std::string application;
  OutputForm form = OutputForm::kText;
};

void add_key(CLI::App& root, Action& chosen) {
  auto& key = *root.add_subcommand("key", "API keys, directly on the database")->require_subcommand(1);
  auto [create, create_options] =
      add_command<KeyOptions>(key, chosen, "create", "Make an API key; prints it once",
                              "  signpost key create --name deploy                       # for everything (admin)\n"
                              "  signpost key create --name backend --application app_01hx3…   # for one application",
                              [](Console& console, const KeyOptions& o) {
                                return key_create(console, o.store, o.name, o.application, o.form);
                              });
  add_store(create, create_options->store);
  create.add_option("--name", create_options->name, "What it is for")->capture_default_str();
  checked(create.add_option("--application", create_options->application, "Only for this application"),
          ApplicationId::parse)
      ->type_name("ID");
  add_json(create, create_options->form);
  auto [list, list_options] =
      add_command<KeyOptions>(key, chosen, "list", "List all keys; never the keys themselves", "",
                              [](Console& console, const KeyOptions& o) { return key_list(console, o.store, o.form); });
  add_store(list, list_options->store);
  add_json(list, list_options->form);
  auto [revoke, revoke_options] =
      add_command<KeyOptions>(key, chosen, "revoke", "Make a key useless, for good", "  signpost key revoke key_01hx3…",
                              [](Console& console, const KeyOptions& o) { return key_revoke(console, o.store, o.id); });
  add_store(revoke, revoke_options->store);
  checked(revoke.add_option("ID", revoke_options->id, "The key, key_…"), KeyId::parse)->required()->type_name("");
}

// ── member, mail ────────────────────────────────────────────────────────────────────────────────────────────────

struct MemberOptions {
  StoreOptions store;
  std::string application;
  std::string id;
  services::MemberWish wish;
  OutputForm form = OutputForm::kText;
};

Result<model::Role> parse_role_word(const std::string& text) {
  const auto role = model::parse_role(text);
  if (!role) return fail(Kind::kUnprocessable, "must be Admin, Developer, Support or Viewer");
  return *role;
}

template <typename Run>
Command<MemberOptions> add_member_command(CLI::App& member, Action& chosen, const char* name, const char* summary,
                                          const char* examples, Run run) {
  auto command = add_command<MemberOptions>(member, chosen, name, summary, examples, run);
  add_store(command.cli, command.options->store);
  checked(command.cli.add_option("--application", command.options->application, "Of this application"),
          ApplicationId::parse)
      ->required()
      ->type_name("ID");
  return command;
}

void require_member(Command<MemberOptions>& command) {
  checked(command.cli.add_option("ID", command.options->id, "The member, mem_…"), MemberId::parse)
      ->required()
      ->type_name("");
}

void add_member(CLI::App& root, Action& chosen) {
  auto& member = *root.add_subcommand("member", "The people of an application: who receives, and who is told by mail")
                      ->require_subcommand(1);
  auto add = add_member_command(
      member, chosen, "add", "Add a member",
      "  signpost member add --application app_01hx3… --name Ada --email ada@saas.example --role Admin",
      [](Console& console, const MemberOptions& o) {
        return member_add(console, o.store, o.application, o.wish, o.form);
      });
  add.cli.add_option("--name", add.options->wish.name, "What people call them")->required();
  add.cli.add_option("--email", add.options->wish.email, "Where warnings about failed webhooks go");
  add_parsed(add.cli, "--role", add.options->wish.role, parse_role_word,
             "Admin, Developer (both receive), Support or Viewer (default Developer)")
      ->type_name("ROLE");
  add_json(add.cli, add.options->form);
  auto list = add_member_command(
      member, chosen, "list", "List the members", "",
      [](Console& console, const MemberOptions& o) { return member_list(console, o.store, o.application, o.form); });
  add_json(list.cli, list.options->form);
  auto set_role = add_member_command(member, chosen, "set-role", "Give a member another role",
                                     "  signpost member set-role mem_01hx3… Support --application app_01hx3…",
                                     [](Console& console, const MemberOptions& o) {
                                       return member_set_role(console, o.store, o.application, o.id, o.wish.role);
                                     });
  require_member(set_role);
  add_parsed(set_role.cli, "ROLE", set_role.options->wish.role, parse_role_word, "Admin, Developer, Support or Viewer")
      ->required()
      ->type_name("");
  auto remove = add_member_command(
      member, chosen, "remove", "Remove a member who owns no endpoint",
      "  signpost member remove mem_01hx3… --application app_01hx3…",
      [](Console& console, const MemberOptions& o) { return member_remove(console, o.store, o.application, o.id); });
  require_member(remove);
}

struct MailOptions {
  std::filesystem::path config;
  std::string address;
};

void add_mail(CLI::App& root, Action& chosen) {
  auto& mail = *root.add_subcommand("mail", "Warnings to members")->require_subcommand(1);
  auto [test, options] = add_command<MailOptions>(
      mail, chosen, "test", "Send one mail through the mail server of the settings",
      "  signpost mail test ada@saas.example --config /etc/signpost/signpost.toml",
      [](Console& console, const MailOptions& o) { return mail_test(console, o.config, o.address); });
  checked(test.add_option("ADDRESS", options->address, "Who is to get it"), MailAddress::parse)
      ->required()
      ->type_name("");
  test.add_option("--config", options->config, "Settings file (TOML)")->type_name("FILE");
}

// ── connect, watch ──────────────────────────────────────────────────────────────────────────────────────────────

void add_connect(CLI::App& root, Action& chosen) {
  auto [cli, options] = add_command<ConnectOptions>(
      root, chosen, "connect", "Connect a host name through a running server, and say which records to add",
      "  export SIGNPOST_KEY=sp_…\n"
      "  signpost connect www.shop.example --organization acme --record 'CNAME www app.saas.example'\n"
      "  signpost connect shop.example --organization acme --record 'A @ 203.0.113.7' --record 'TXT @ saas=acme' "
      "--watch\n\n"
      "It reports the flow as ended at once (setup_type \"manual\"), so that Signpost begins to watch and to\n"
      "tell the backend. With --no-flow that is left to POST /v1/connections/{id}/flow.\n\n"
      "Variables in host and value: {DOMAIN} {SUBDOMAIN} {SLD} {TLD} {CNAME_TARGET} {CLAIM_TOKEN}.",
      connect);
  checked(cli.add_option("HOST", options->host, "The host name, such as www.shop.example"), HostName::parse)
      ->required()
      ->type_name("");
  add_parsed_list(cli, "--record", options->records, parse_record_wish,
                  "A record the customer has to add; may be repeated")
      ->required()
      ->type_name("'TYPE HOST VALUE'");
  cli.add_option("--organization", options->organization, "The customer's slug")->required()->type_name("SLUG");
  checked(cli.add_option("--application", options->application, "The application, if the key is an admin key"),
          ApplicationId::parse)
      ->type_name("ID");
  cli.add_option("--user-id", options->user_id, "Your id of the user, repeated in webhooks")->type_name("ID");
  add_switch(cli, "--no-flow", options->flow, ConnectOptions::Flow::kLeftOpen,
             "Do not report the end of the flow; somebody else will");
  add_switch(cli, "--watch", options->then, ConnectOptions::Then::kWatch, "Go on as signpost watch does");
  add_api(cli, options->api);
  add_json(cli, options->form);
}

void add_watch(CLI::App& root, Action& chosen) {
  auto [cli, options] =
      add_command<WatchOptions>(root, chosen, "watch", "Follow a connection until its records have propagated",
                                "  signpost watch con_01hx3…\n\nEnds with 0 once every authoritative server agrees, "
                                "with 1 if that will not happen any more.",
                                watch);
  checked(cli.add_option("ID", options->id, "The connection, con_…"), ConnectionId::parse)->required()->type_name("");
  add_parsed(cli, "--timeout", options->at_most, parse_duration, "Give up after this time (default: never)")
      ->type_name("DURATION");
  add_api(cli, options->api);
}

// ── dns, webhook ────────────────────────────────────────────────────────────────────────────────────────────────

void add_look(CLI::App& cli, LookOptions& look) {
  const auto parse_server = [](const std::string& text) { return parse_endpoint(text, 53); };
  add_parsed_list(cli, "--resolver", look.resolvers, parse_server,
                  "Recursive resolver; may be repeated (default: /etc/resolv.conf)")
      ->type_name("ADDRESS:PORT");
  cli.add_option("--authority-port", look.authority_port, "Port of authoritative servers, for tests")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  add_parsed_list(cli, "--allow", look.allow, net::Network::parse,
                  "Ask name servers here although it is no public network; may be repeated")
      ->type_name("NETWORK");
  cli.add_option("--ca", look.certificate_authorities,
                 "Also say whether CAA records let this certificate authority issue; may be repeated")
      ->allow_extra_args(false)
      ->type_name("letsencrypt.org");
}

struct NoOptions {};

void add_explain(CLI::App& dns, Action& chosen) {
  auto [cli, options] = add_command<DnsExplainOptions>(
      dns, chosen, "explain", "Write the page that one would send to the customer: what is wrong, and what to type",
      "  signpost dns explain www.shop.example --record 'CNAME www app.saas.example'   # looks now, without a server\n"
      "  signpost dns explain www.shop.example         # the connection's records and last look, from a running server",
      dns_explain);
  cli.add_option("HOST", options->host, "The host name that was to be connected")->required()->type_name("");
  add_parsed_list(cli, "--record", options->records, parse_record_wish,
                  "A record that it should have; may be repeated (default: ask the server)")
      ->type_name("'TYPE HOST VALUE'");
  add_look(cli, options->look);
  add_api(cli, options->api);
}

void add_dns(CLI::App& root, Action& chosen) {
  auto& dns = *root.add_subcommand("dns", "Look at DNS as the server does, without a server")->require_subcommand(1);
  auto [cli, options] = add_command<DnsObserveOptions>(
      dns, chosen, "observe", "Ask every authoritative name server of a record, and some resolvers",
      "  signpost dns observe www.shop.example CNAME app.saas.example   # 0 only if it has propagated\n"
      "  signpost dns observe shop.example TXT                          # what does everybody say? 0 if they agree\n"
      "  signpost dns observe shop.example MX '10 mail.saas.example' --resolver 9.9.9.9 --json",
      dns_observe);
  checked(cli.add_option("NAME", options->name, "The name of the record"), DnsName::parse)->required()->type_name("");
  checked(cli.add_option("TYPE", options->type, std::string(kRecordTypeNames)),
          [](const std::string& type) { return expectation_of("shop.example", type, std::nullopt); })
      ->required()
      ->type_name("");
  cli.add_option("VALUE", options->value, "What it should be; without it any value will do")->type_name("");
  cli.parse_complete_callback([options] {
    const auto wanted = expectation_of(options->name, options->type, options->value);
    if (!wanted) throw CLI::ValidationError("VALUE", wanted.error().message);
  });
  add_look(cli, options->look);
  add_json(cli, options->form);
  add_explain(dns, chosen);
  auto [causes, unused] =
      add_command<NoOptions>(dns, chosen, "causes", "Print every cause, what it means and what to do", "",
                             [](Console& console, const NoOptions&) -> Result<Exit> {
                               console.out << dns::causes_page();
                               return Exit::kOk;
                             });
}

// ── acme-zone ───────────────────────────────────────────────────────────────────────────────────────────────────

void add_acme_zone(CLI::App& root, Action& chosen) {
  auto& zone = *root.add_subcommand("acme-zone", "The zone that certificate challenges of customers lead to")
                    ->require_subcommand(1);
  auto [records, records_options] = add_command<ConfigOptions>(
      zone, chosen, "records", "Print what the zone above must have, once",
      "  signpost acme-zone records --config /etc/signpost/signpost.toml",
      [](Console& console, const ConfigOptions& options) { return acme_zone_records(console, options.file); });
  records.add_option("--config", records_options->file, "Settings file (TOML)")->type_name("FILE");
  auto [check, check_options] = add_command<StoreOptions>(
      zone, chosen, "check", "Publish a text and see whether all of the world finds it",
      "  signpost acme-zone check --config /etc/signpost/signpost.toml --data /var/lib/signpost\n\n"
      "Each line says what is right, or what is wrong and the way out. Exit status 0 only if all is right.",
      acme_zone_check);
  add_store(check, *check_options);
}

void add_webhook_secrets(CLI::App& cli, std::vector<std::string>& secrets, services::AcceptedForms& accepted) {
  cli.add_option("--secret", secrets,
                 "The application's secret; better in the environment: SIGNPOST_SECRET; may be repeated")
      ->allow_extra_args(false);
  cli.add_option_function<std::vector<std::string>>(
         "--accept",
         [&accepted](const std::vector<std::string>& names) {
           const auto forms = parse_accepted_forms(names);
           if (!forms) throw CLI::ValidationError("--accept", forms.error().message);
           accepted = *forms;
         },
         "Forms of signature to accept: v2, standard, v2-hmac, v1, v1-body (default: v2 standard)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("FORM,…");
}

void add_verify(CLI::App& webhook, Action& chosen) {
  auto [cli, options] = add_command<WebhookVerifyOptions>(
      webhook, chosen, "verify", "Is a received webhook genuine? If not, which part is wrong?",
      "  SIGNPOST_SECRET=… signpost webhook verify --headers headers.txt --body body.json\n\n"
      "The headers are lines \"Name: value\"; the body must be the exact bytes that were received.",
      webhook_verify);
  cli.add_option("--headers", options->headers_file, "File with the headers")->required()->type_name("FILE");
  cli.add_option("--body", options->body_file, "File with the body; - is standard input")
      ->type_name("FILE")
      ->capture_default_str();
  add_webhook_secrets(cli, options->secrets, options->accepted);
  add_parsed(
      cli, "--max-age", options->tolerance.past,
      [](const std::string& text) -> Result<std::chrono::seconds> {
        return std::chrono::ceil<std::chrono::seconds>(TRY(parse_duration(text)));
      },
      "How old it may be (default 5m)")
      ->type_name("DURATION");
  add_json(cli, options->form);
}

void add_listen(CLI::App& webhook, Action& chosen) {
  auto [cli, options] = add_command<WebhookListenOptions>(
      webhook, chosen, "listen", "Receive webhooks, verify and print them; for development",
      "  SIGNPOST_SECRET=… signpost webhook listen --until success\n"
      "  SIGNPOST_SECRET=… signpost webhook listen --status 500 --count 4      # see the retries\n\n"
      "Deliveries to it need network.allow = [\"127.0.0.0/8\"] and webhooks.allowed_ports = [\"9000\"] in the "
      "server's\n"
      "settings.",
      webhook_listen);
  checked(cli.add_option("--listen", options->listen, "Address and port"), [](const std::string& text) {
    return parse_endpoint(text, 0);
  })->capture_default_str();
  add_webhook_secrets(cli, options->secrets, options->accepted);
  cli.add_option("--count", options->count, "End after so many genuine webhooks")->type_name("N");
  cli.add_option_function<std::string>(
         "--until", [&until = options->until](const std::string&) { until = WebhookListenOptions::Until::kSuccess; },
         "success: end when a genuine webhook says propagation_status \"success\"")
      ->check(CLI::IsMember({"success"}))
      ->type_name("success");
  cli.add_option("--status", options->status, "Answer genuine webhooks with this status")
      ->check(CLI::Range(200, 599))
      ->capture_default_str();
  add_parsed(cli, "--timeout", options->at_most, parse_duration, "Fail after this time (default: never)")
      ->type_name("DURATION");
}

void add_test(CLI::App& webhook, Action& chosen) {
  auto [cli, options] = add_command<WebhookTestOptions>(
      webhook, chosen, "test", "Have the server send an endpoint a sample, and see what comes back",
      "  signpost webhook test end_01hx3…\n"
      "  signpost webhook test end_01hx3… --type domain.record_missing --application app_01hx3…\n\n"
      "The sample is signed as a delivery is and has the header Signpost-Test. It does not leave from\n"
      "webhooks.source_address. Ends with 0 if the receiver answered with a status from 200 to 299.",
      webhook_test);
  checked(cli.add_option("ENDPOINT", options->endpoint, "The endpoint, end_…"), EndpointId::parse)
      ->required()
      ->type_name("");
  std::vector<std::string> types;
  for (const auto type : model::kEventTypes) types.emplace_back(model::name_of(type));
  cli.add_option("--type", options->type, "The event type; signpost webhook docs lists them")
      ->check(CLI::IsMember(types))
      ->type_name("TYPE")
      ->capture_default_str();
  checked(cli.add_option("--application", options->application, "The application, if the key is an admin key"),
          ApplicationId::parse)
      ->type_name("ID");
  add_api(cli, options->api);
  add_json(cli, options->form);
}

/// The application, if the key is an admin key.
void add_acting(CLI::App& cli, std::string& application) {
  checked(cli.add_option("--application", application, "The application, if the key is an admin key"),
          ApplicationId::parse)
      ->type_name("ID");
}

void add_webhook_list(CLI::App& webhook, Action& chosen) {
  auto [cli, options] = add_command<WebhookListOptions>(
      webhook, chosen, "list", "Find deliveries of a running server, newest first",
      "  signpost webhook list --application app_… --state failed --after 2026-11-29T00:00:00Z\n"
      "  signpost webhook list --host www.shop.example --type domain.added",
      webhook_list);
  add_acting(cli, options->application);
  cli.add_option("--job", options->job, "Job id of the connect flow")->type_name("UUID");
  checked(cli.add_option("--host", options->host, "Host name of the connection"), HostName::parse)->type_name("HOST");
  cli.add_option("--type", options->type, "Type of the event, such as domain.added")->type_name("TYPE");
  cli.add_option("--state", options->state, "pending, delivered or failed")
      ->check(CLI::IsMember({"pending", "delivered", "failed"}))
      ->type_name("STATE");
  checked(cli.add_option("--endpoint", options->endpoint, "Only to this endpoint"), EndpointId::parse)->type_name("ID");
  checked(cli.add_option("--after", options->after, "Created then or later: 2026-11-29T00:00:00Z"), parse_rfc3339)
      ->type_name("TIME");
  checked(cli.add_option("--before", options->before, "Created earlier"), parse_rfc3339)->type_name("TIME");
  cli.add_option("--cursor", options->cursor, "Go on where the list before ended, which shows it")->type_name("CURSOR");
  cli.add_option("--limit", options->limit, "At most so many")->check(CLI::Range(1, 100))->capture_default_str();
  add_api(cli, options->api);
  add_json(cli, options->form);
}

/// A command without options that prints a document.
void add_printed(CLI::App& parent, Action& chosen, const char* name, const char* summary, std::string (*document)()) {
  add_command<NoOptions>(parent, chosen, name, summary, "",
                         [document](Console& console, const NoOptions&) -> Result<Exit> {
                           console.out << document();
                           return Exit::kOk;
                         });
}

void add_webhook_show(CLI::App& webhook, Action& chosen) {
  auto [cli, options] =
      add_command<WebhookShowOptions>(webhook, chosen, "show", "Show a delivery, its attempts and what was sent",
                                      "  signpost webhook show dlv_01hx3…", webhook_show);
  checked(cli.add_option("ID", options->delivery, "The delivery, dlv_…"), DeliveryId::parse)->required()->type_name("");
  add_acting(cli, options->application);
  add_api(cli, options->api);
  add_json(cli, options->form);
}

void add_webhook_replay(CLI::App& webhook, Action& chosen) {
  auto [cli, options] = add_command<WebhookReplayOptions>(
      webhook, chosen, "replay", "Send a delivery again, or all that an endpoint did not get",
      "  signpost webhook replay dlv_01hx3…\n"
      "  signpost webhook replay --endpoint end_01hx3… --since 2026-11-29T00:00:00Z --dry-run   # only counts\n"
      "  signpost webhook replay --endpoint end_01hx3… --since 2026-11-29T00:00:00Z --rate 20",
      webhook_replay);
  checked(cli.add_option("ID", options->delivery, "The delivery, dlv_…"), DeliveryId::parse)->type_name("");
  checked(cli.add_option("--endpoint", options->endpoint, "All of this endpoint: what failed, and what it missed"),
          EndpointId::parse)
      ->type_name("ID");
  checked(cli.add_option("--since", options->since, "Events created then or later"), parse_rfc3339)->type_name("TIME");
  checked(cli.add_option("--until", options->until, "Events created earlier (default: now)"), parse_rfc3339)
      ->type_name("TIME");
  cli.add_option("--rate", options->rate_per_second, "How many a second")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  add_switch(cli, "--all", options->state, std::string("all"), "Also what was delivered");
  add_switch(cli, "--dry-run", options->run, WebhookReplayOptions::Run::kDry, "Only count");
  add_acting(cli, options->application);
  add_api(cli, options->api);
  add_json(cli, options->form);
}

void add_webhook(CLI::App& root, Action& chosen) {
  auto& webhook =
      *root.add_subcommand("webhook", "Verify, receive, test, find and replay webhooks")->require_subcommand(1);
  add_verify(webhook, chosen);
  add_listen(webhook, chosen);
  add_test(webhook, chosen);
  add_webhook_list(webhook, chosen);
  add_webhook_show(webhook, chosen);
  add_webhook_replay(webhook, chosen);
  add_printed(webhook, chosen, "schema", "Print the JSON Schema of what endpoints receive", services::payload_schema);
  add_printed(webhook, chosen, "docs", "Print every event type, member and sample", services::events_page);
}

// ── certificate ─────────────────────────────────────────────────────────────────────────────────────────────────

void add_certificate_list(CLI::App& certificate, Action& chosen) {
  auto [cli, options] = add_command<CertificateListOptions>(
      certificate, chosen, "list", "List certificates of a running server, newest first",
      "  signpost certificate list\n"
      "  signpost certificate list --ends-within 30d      # and what keeps them from renewal",
      certificate_list);
  checked(cli.add_option("--ends-within", options->ends_within, "Only those that are held and end within it: 30d"),
          parse_duration)
      ->type_name("DURATION");
  cli.add_option("--cursor", options->cursor, "Go on where the list before ended, which shows it")->type_name("CURSOR");
  cli.add_option("--limit", options->limit, "At most so many")->check(CLI::Range(1, 100))->capture_default_str();
  add_api(cli, options->api);
  add_json(cli, options->form);
}

template <typename Options>
void require_certificate(CLI::App& cli, Options& options) {
  checked(cli.add_option("ID", options.id, "The certificate, crt_…"), CertificateId::parse)->required()->type_name("");
}

void add_certificate_acts(CLI::App& certificate, Action& chosen) {
  auto [show, show_options] = add_command<CertificateOptions>(
      certificate, chosen, "show", "Show a certificate: how far it is, what is missing, and what helps",
      "  signpost certificate show crt_01hx3…", certificate_show);
  require_certificate(show, *show_options);
  add_api(show, show_options->api);
  add_json(show, show_options->form);
  auto [renew, renew_options] = add_command<CertificateOptions>(
      certificate, chosen, "renew", "Obtain a new certificate now; the one that is held serves until then",
      "  signpost certificate renew crt_01hx3…\n\nNobody has to: certificates are renewed by themselves.",
      certificate_renew);
  require_certificate(renew, *renew_options);
  add_api(renew, renew_options->api);
  add_json(renew, renew_options->form);
}

void add_certificate_revoke(CLI::App& certificate, Action& chosen) {
  auto [cli, options] = add_command<CertificateRevokeOptions>(
      certificate, chosen, "revoke", "Revoke a certificate at its authority, for ever, and obtain another",
      "  signpost certificate revoke crt_01hx3… --dry-run                     # only says what it would do\n"
      "  signpost certificate revoke crt_01hx3… --reason key_compromise       # asks back\n"
      "  signpost certificate revoke crt_01hx3… --reason key_compromise --yes",
      certificate_revoke);
  require_certificate(cli, *options);
  checked(cli.add_option("--reason", options->reason, "What the authority is told (RFC 5280 5.3.1)"),
          [](const std::string& text) -> Result<void> {
            if (acme::parse_revocation_reason(text)) return {};
            return fail(
                Kind::kUnprocessable,
                "must be unspecified, key_compromise, affiliation_changed, superseded or cessation_of_operation");
          })
      ->type_name("REASON")
      ->capture_default_str();
  using Run = CertificateRevokeOptions::Run;
  auto* const yes =
      cli.add_flag_callback("--yes", [options] { options->run = Run::kConfirmed; }, "Really revoke it, without asking");
  cli.add_flag_callback(
         "--dry-run", [options] { options->run = Run::kDry; }, "Only say what it would do")
      ->excludes(yes);
  add_api(cli, options->api);
  add_json(cli, options->form);
}

void add_certificate_export(CLI::App& certificate, Action& chosen) {
  auto [cli, options] = add_command<CertificateExportOptions>(
      certificate, chosen, "export", "Write chain and private key as PEM files, directly from the database",
      "  signpost certificate export crt_01hx3… --chain-file chain.pem --key-file key.pem\n"
      "  signpost certificate export crt_01hx3… --chain-file - --key-file - | your-tool      # key first\n\n"
      "The key's file is for its owner alone (0600). Who exports it stands in the audit log.",
      certificate_export);
  require_certificate(cli, *options);
  cli.add_option("--chain-file", options->chain_file,
                 "Where the chain goes, the certificate first; - is standard output")
      ->type_name("FILE");
  cli.add_option("--key-file", options->key_file, "Where the private key goes; - is standard output")
      ->type_name("FILE");
  add_switch(cli, "--overwrite", options->existing, Existing::kReplaced, "Replace files that are there");
  add_switch(cli, "--force", options->key, CertificateExportOptions::Key::kAlsoOnTerminal,
             "Show the key even on a terminal");
  add_store(cli, options->store);
}

void add_certificate(CLI::App& root, Action& chosen) {
  auto& certificate =
      *root.add_subcommand("certificate", "Certificates that Signpost obtains and renews")->require_subcommand(1);
  add_certificate_list(certificate, chosen);
  add_certificate_acts(certificate, chosen);
  add_certificate_revoke(certificate, chosen);
  add_certificate_export(certificate, chosen);
  add_printed(certificate, chosen, "causes", "Print every cause of a certificate that does not come, and what to do",
              services::certificate_causes_page);
}

// ── authority ───────────────────────────────────────────────────────────────────────────────────────────────────

void add_authority(CLI::App& root, Action& chosen) {
  auto& authority = *root.add_subcommand("authority", "Certificate authorities of the settings, and our accounts there")
                         ->require_subcommand(1);
  auto [list, list_options] =
      add_command<AuthorityListOptions>(authority, chosen, "list", "List them with their accounts, by preference",
                                        "  signpost authority list\n\nIt needs an admin key.", authority_list);
  add_api(list, list_options->api);
  add_json(list, list_options->form);
  auto [key, key_options] = add_command<AuthorityKeyOptions>(
      authority, chosen, "rollover-key", "Give our account at an authority another key",
      "  signpost authority rollover-key letsencrypt\n\nCertificates and orders stay; an order that waits for a "
      "customer's TXT wants another\nvalue from then on. The new key is saved, sealed, before the authority hears of "
      "it: wherever it is\ninterrupted, it goes on by itself. It needs an admin key.",
      authority_rollover_key);
  key.add_option("NAME", key_options->name, "The authority, as the settings name it")->required()->type_name("");
  add_api(key, key_options->api);
  add_json(key, key_options->form);
}

constexpr const char* kAbout =
    "Signpost connects the domains of your customers to your app: it says which DNS records\n"
    "to add, watches them spread, obtains certificates, and tells your backend with signed webhooks.";

constexpr const char* kFirstSteps =
    "First steps:\n"
    "  signpost serve                              # prints an admin key at the first start\n"
    "  signpost app create --name 'My SaaS' --cname-target app.saas.example\n"
    "  export SIGNPOST_KEY=sp_…                    # the admin key\n"
    "  signpost connect www.shop.example --application app_… --organization acme \\\n"
    "      --record 'CNAME www {CNAME_TARGET}' --watch\n\n"
    "Each command has --help with examples. Exit status: 0 it worked, 1 it failed, 2 wrong usage.";

// ── words that make no command ──────────────────────────────────────────────────────────────────────────────────

/// How far the words led: the program itself, or the innermost command.
const CLI::App& reached_by_words(const CLI::App& root) {
  const auto* reached = &root;
  while (!reached->get_subcommands().empty()) reached = reached->get_subcommands().front();
  return *reached;
}

/// "app create"; empty for the program itself.
std::string name_of(const CLI::App& command) {
  const auto* parent = command.get_parent();
  if (parent == nullptr) return "";
  const auto before = name_of(*parent);
  return before.empty() ? command.get_name() : before + " " + command.get_name();
}

std::string names_below(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* below : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (!below->get_group().empty()) names.push_back(name_of(*below));
  }
  return format("{}", fmt::join(names, ", "));
}

std::string sentence_of(const CLI::ParseError& error, const CLI::App& reached) {
  const auto words = reached.remaining();
  const auto below = names_below(reached);
  const auto program = reached.get_parent() == nullptr ? "signpost" : "signpost " + name_of(reached);
  const bool is_option = !words.empty() && words.front().starts_with('-');
  if (!below.empty() && !words.empty() && !is_option) {
    const auto before = name_of(reached);
    return format("there is no command \"{}{}{}\": it is one of {}", before, before.empty() ? "" : " ",
                  printable(words.front(), 60), below);
  }
  if (!words.empty()) {
    return format("\"{}\" is nothing that {} takes", printable(format("{}", fmt::join(words, " ")), 200), program);
  }
  if (!below.empty()) return format("a command is missing: one of {}", below);
  return error.what();
}

int wrong_words(Console& console, const CLI::ParseError& error, const CLI::App& root) {
  const auto& reached = reached_by_words(root);
  const auto name = name_of(reached);
  console.err << format("signpost: {}\n\"signpost{}{} --help\" says more\n", sentence_of(error, reached),
                        name.empty() ? "" : " ", name);
  return static_cast<int>(Exit::kUsage);
}

int exit_status(Exit exit) { return static_cast<int>(exit); }

std::size_t window(std::size_t fallback, unsigned short winsize::* side) {
  winsize size{};
  const bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.*side > 0;
  return is_known ? size.*side : fallback;
}

}  // namespace

int run(Console& console, const std::vector<std::string>& words) {
  Action chosen;
  CLI::App root(kAbout, "signpost");
  root.set_version_flag("--version", format("signpost {}", kVersion), "Print the version");
  root.footer(kFirstSteps);
  root.require_subcommand(1);
  for (const auto add : {add_serve, add_app, add_member, add_key, add_mail, add_connect, add_watch, add_dns,
                         add_acme_zone, add_certificate, add_authority, add_webhook, add_config})
    add(root, chosen);
  try {
    root.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    const auto exit = chosen(console);
    if (exit) return exit_status(*exit);
    console.err << "signpost: " << exit.error().message << "\n";
  } catch (const CLI::ParseError& error) {
    const bool is_help = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    return is_help ? root.exit(error, console.out, console.err) : wrong_words(console, error, root);
  } catch (const std::exception& error) {
    console.err << "signpost: this should not have happened: " << error.what() << "\n";
  }
  return exit_status(Exit::kFailed);
}

int run_process(int argc, char** argv) {
  const SystemClock clock;
  const auto* term = std::getenv("TERM");
  const auto screen_of = [](int stream) { return isatty(stream) != 0 ? Screen::kTerminal : Screen::kPlain; };
  const auto output = screen_of(STDOUT_FILENO);
  const bool draws = output == Screen::kTerminal && term && std::string_view(term) != "dumb";
  Console console{std::cin,
                  std::cout,
                  std::cerr,
                  process_environment,
                  clock,
                  draws ? Screen::kTerminal : Screen::kPlain,
                  window(80, &winsize::ws_col),
                  window(24, &winsize::ws_row),
                  output,
                  screen_of(STDIN_FILENO)};
  return run(console, std::vector<std::string>(argv + 1, argv + argc));
}

}  // namespace signpost::app
