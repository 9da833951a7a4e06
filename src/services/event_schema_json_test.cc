// SPDX-License-Identifier: Apache-2.0
#include "services/event_schema_json.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "model/event_contract.h"
#include "model/event_sample.h"

namespace signpost::services {
namespace {

namespace json = boost::json;

std::string contents_of(const char* name) {
  std::ifstream file(name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(EventSchema, IsTheOneThatIsPublished) {
  EXPECT_EQ(contents_of("docs/webhooks/payload.schema.json"), payload_schema())
      << "print it anew: build/release/signpost webhook schema > docs/webhooks/payload.schema.json";
}

TEST(EventSchema, HasThePageThatIsPublished) {
  EXPECT_EQ(contents_of("docs/webhooks/events.md"), events_page())
      << "print it anew: build/release/signpost webhook docs > docs/webhooks/events.md";
}

TEST(EventSchema, KnowsEveryMemberOfEverySampleInTheOrderOfTheWire) {
  for (const auto type : model::kEventTypes) {
    const auto body = json::parse(sample_body(type, EventId(1), from_ms(0))).as_object();
    auto row = model::member_rows().begin();
    for (const auto& member : body) {
      row = std::find_if(row, model::member_rows().end(), [&](const auto& one) {
        return one.name == std::string_view(member.key().data(), member.key().size());
      });
      ASSERT_NE(row, model::member_rows().end())
          << member.key() << " of " << name_of(type) << " has no row, or stands out of order";
    }
  }
}

TEST(EventSchema, HasARuleForEveryType) {
  const auto schema = json::parse(payload_schema()).as_object();
  EXPECT_EQ(schema.at("allOf").as_array().size(), model::kEventTypes.size());
  EXPECT_EQ(schema.at("properties").at("type").at("enum").as_array().size(), model::kEventTypes.size());
}

TEST(EventCatalogue, HasASampleOfEveryType) {
  const auto catalogue = json::parse(event_catalogue()).as_object();
  const auto& types = catalogue.at("data").as_array();
  ASSERT_EQ(types.size(), model::kEventTypes.size());
  for (const auto& type : types) {
    EXPECT_EQ(type.at("type"), type.at("sample").at("type"));
    EXPECT_EQ(type.at("sample").at("job_id").as_string(), model::kSampleJobId);
  }
}

}  // namespace
}  // namespace signpost::services
