// server recording lists: what `GET /recordings/?group=18` asks for, and what it is answered.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/answers.h"

namespace parley::server {

struct ListQuery {
    std::string group;  ///< one of these two
    std::string user;
    std::string after;  ///< the id of the last one known; empty: from the oldest
    std::uint32_t limit = 100;
};

/// Reads what stands behind the `?`. False if it names not exactly one conversation, or has what is
/// not known.
bool read_list_query(std::string_view query, ListQuery& out);

/// `{"recordings":[{"id":…,"from":…,"began":<epoch ms>,"duration":<ms>,"bytes":…}],"more":…}`.
std::string json_of(const store::Recordings& page);

}  // namespace parley::server
