// JSON: one flat object for scripts to read.
#pragma once

#include <concepts>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <string_view>

namespace parley::client {

/// Collects the members of one object, in the order in which they are added.
class JsonObject final {
public:
    JsonObject();

    void add(std::string_view name, std::string_view text);
    void add(std::string_view name, bool value);
    void add(std::string_view name, double value);
    void add(std::string_view name, std::integral auto value) {
        add_integer(name, static_cast<std::int64_t>(value));
    }
    /// Closes the object and prints it on one line of standard output. Nothing can follow.
    void print();

private:
    void add_name(std::string_view name);
    void add_integer(std::string_view name, std::int64_t value);

    rapidjson::StringBuffer buffer_;
    rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

}  // namespace parley::client
