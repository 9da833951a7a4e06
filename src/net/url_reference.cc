// SPDX-License-Identifier: Apache-2.0
#include "net/url_reference.h"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>

#include "base/text.h"

namespace signpost::net {

Result<Url> resolve(const Url& base, std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  const auto refuse = [&] {
    return fail(Kind::kUnprocessable, "\"" + printable(reference, 100) + "\" is neither a URL nor a part of one");
  };
  if (reference.size() > Url::bytes_max) return refuse();
  const auto from = base.text();
  const auto absolute = boost::urls::parse_uri(from);
  const auto relative = boost::urls::parse_uri_reference({reference.data(), reference.size()});
  if (!absolute || !relative) return refuse();
  boost::urls::url whole;
  if (!boost::urls::resolve(*absolute, *relative, whole)) return refuse();
  // What climbs above the root stays in the path, and everybody reads it differently.
  const std::string_view path(whole.encoded_path().data(), whole.encoded_path().size());
  if (path.contains("/../") || path.ends_with("/..")) return refuse();
  const auto text = whole.buffer();
  return Url::parse({text.data(), text.size()});
}

}  // namespace signpost::net
