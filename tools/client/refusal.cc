#include "client/refusal.h"

namespace parley::client {

bool is_too_many(const ServerMessage& message) noexcept {
    const auto type = static_cast<Type>(message.type);
    return (type == Type::start_failed || type == Type::unauthorized_group) &&
           message.payload.text() == "Too Many Requests";
}

}  // namespace parley::client
