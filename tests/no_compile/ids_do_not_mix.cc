#include "base/ids.h"
void join(parley::FloorNumber);
void use() {
#ifdef SHOULD_NOT_COMPILE
    join(parley::ShardId{1});
#else
    join(parley::FloorNumber{1});
#endif
}
