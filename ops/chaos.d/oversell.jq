# Who got the last units.
{$name} + . + {kept: (.sold == .units and .refused == .clients and .others == {} and .left == [0, 0])}
