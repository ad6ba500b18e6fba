-- Two users and some resources, so that there is something to see.

set local role app_owner;

-- These rows are old, and nobody made them.
alter table data.users disable trigger user;
alter table data.resources disable trigger user;

insert into data.users (id, email, name) values
    ('00000000-0000-4000-8000-000000000001', 'demo@example.org', 'Demo'),
    ('00000000-0000-4000-8000-000000000002', 'other@example.org', 'Somebody else');

-- Every fifth belongs to somebody else, and every third is public.
insert into data.resources
    (owner_id, name, description, status, visibility, price, quantity, tags, metadata, created_at, updated_at)
select
    case when n % 5 = 0 then '00000000-0000-4000-8000-000000000002' else '00000000-0000-4000-8000-000000000001' end::uuid,
    name,
    'Number ' || n || ' of the samples',
    (array['draft', 'active', 'active', 'archived']::api.resource_status[])[1 + n % 4],
    case when n % 3 = 0 then 'public' else 'private' end::api.visibility,
    case when n % 7 <> 0 then 4.5 * n end,
    n * 3 % 11,
    array[split_part(lower(name), ' ', 1), split_part(lower(name), ' ', 2)],
    jsonb_build_object('shelf', 1 + n % 6, 'fragile', n % 4 = 0),
    made_at,
    made_at
from unnest(array[
    'Oak desk', 'Brass lamp', 'Wool blanket', 'Steel kettle', 'Glass jar', 'Paper map', 'Cork board', 'Stone mortar',
    'Linen apron', 'Copper pan', 'Leather strap', 'Cedar box', 'Iron hook', 'Clay pot', 'Silver spoon', 'Cotton rope',
    'Walnut shelf', 'Marble bowl', 'Bamboo tray', 'Felt hat', 'Maple stool', 'Zinc bucket', 'Slate tile', 'Velvet curtain',
    'Birch ladder', 'Wicker basket', 'Ceramic vase', 'Rubber mat', 'Pewter mug', 'Canvas bag'
]) with ordinality as sample (name, n)
cross join lateral (select timestamptz '2025-01-01 08:00:00+00' + n * interval '7 hours') as time (made_at);

alter table data.users enable trigger user;
alter table data.resources enable trigger user;
