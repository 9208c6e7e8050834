#include "server/recording_list.h"

#include <charconv>
#include <fmt/format.h>

#include "http/fields.h"
#include "wire/value.h"

namespace parley::server {

bool read_list_query(std::string_view query, ListQuery& out) {
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos) return false;
        const std::string_view name = pair.substr(0, equals);
        std::string value = http::decode_percent(pair.substr(equals + 1));
        if (name == "group") {
            out.group = std::move(value);
        } else if (name == "user") {
            out.user = std::move(value);
        } else if (name == "after") {
            out.after = std::move(value);
        } else if (name == "limit") {
            const char* last = value.data() + value.size();
            const auto [digits_end, problem] = std::from_chars(value.data(), last, out.limit);
            if (problem != std::errc{} || digits_end != last || out.limit == 0) return false;
        } else {
            return false;
        }
    }
    return out.group.empty() != out.user.empty();
}

std::string json_of(const store::Recordings& page) {
    std::string json = R"({"recordings":[)";
    for (const store::Recording& each : page.recordings) {
        if (&each != &page.recordings.front()) json += ',';
        json += R"({"id":)";
        wire::append_json_string(each.id, json);
        json += R"(,"from":)";
        wire::append_json_string(each.sender, json);
        using std::chrono::milliseconds;
        json += fmt::format(
            R"(,"began":{},"duration":{},"bytes":{}}})", each.began.time_since_epoch().count(),
            std::chrono::duration_cast<milliseconds>(each.length).count(), each.bytes);
    }
    json += fmt::format(R"(],"more":{}}})", page.more);
    return json;
}

}  // namespace parley::server
