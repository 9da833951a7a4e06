// SPDX-License-Identifier: Apache-2.0
#include "app/member_command.h"

#include <ostream>

#include "api/json_output.h"
#include "app/administer.h"
#include "app/option_names.h"
#include "base/text.h"

namespace signpost::app {
namespace {

using Use = DataDirectory::Use;

constexpr OptionName kOptions[] = {{"name", "--name"}, {"email", "--email"}};

std::string line_of(const model::Member& member) {
  return format("{}  {}  {}  {}\n", member.id.text(), pad(model::name_of(member.role), 9), printable(member.name),
                member.email ? member.email->text() : "no mail address");
}

}  // namespace

Result<Exit> member_add(Console& console, const StoreOptions& store, const std::string& application,
                        const services::MemberWish& wish, OutputForm form) {
  const auto id = TRY(ApplicationId::parse(application));
  auto session = TRY(StoreSession::open(console, store, Use::kCommandOnExisting));
  const auto made = administer<model::Member>(
      *session, [&](store::Tx& tx, const auto& by) { return services::create_member(tx, by, id, wish); });
  if (!made && !made.error().member.empty()) return wrong_usage(console, in_options(made.error(), kOptions));
  const auto& member = TRY(made);
  console.out << (form == OutputForm::kJson ? api::to_json(member) + "\n" : line_of(member));
  return Exit::kOk;
}

Result<Exit> member_list(Console& console, const StoreOptions& store, const std::string& application, OutputForm form) {
  const auto id = TRY(ApplicationId::parse(application));
  auto session = TRY(StoreSession::open(console, store, Use::kCommandOnExisting));
  const auto all = TRY(session->storage().read_now<std::vector<model::Member>>(
      [&](store::Tx& tx) { return services::list_members(tx, id); }));
  std::string text;
  for (const auto& member : all)
    text += form == OutputForm::kJson ? (text.empty() ? "" : ",") + api::to_json(member) : line_of(member);
  console.out << (form == OutputForm::kJson ? "[" + text + "]\n" : text);
  return Exit::kOk;
}

Result<Exit> member_set_role(Console& console, const StoreOptions& store, const std::string& application,
                             const std::string& id, model::Role role) {
  const auto of = TRY(ApplicationId::parse(application));
  const auto member = TRY(MemberId::parse(id));
  auto session = TRY(StoreSession::open(console, store, Use::kCommandOnExisting));
  const auto changed = TRY(administer<model::Member>(*session, [&](store::Tx& tx, const auto& by) {
    return services::update_member(tx, by, of, member, {.role = role});
  }));
  console.out << line_of(changed);
  if (!model::may_receive_deliveries(role))
    console.out << "Endpoints of this member get nothing until somebody with the role Admin or Developer owns them.\n";
  return Exit::kOk;
}

Result<Exit> member_remove(Console& console, const StoreOptions& store, const std::string& application,
                           const std::string& id) {
  const auto of = TRY(ApplicationId::parse(application));
  const auto member = TRY(MemberId::parse(id));
  auto session = TRY(StoreSession::open(console, store, Use::kCommandOnExisting));
  TRY_VOID(administer<void>(
      *session, [&](store::Tx& tx, const auto& by) { return services::remove_member(tx, by, of, member); }));
  console.out << format("{} is removed\n", member.text());
  return Exit::kOk;
}

}  // namespace signpost::app
