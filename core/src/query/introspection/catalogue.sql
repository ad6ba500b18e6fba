-- The catalogue of the schemas $1, one JSON text a row: {"type": …}, {"relation": …}, {"function": …}; of all schemas
-- {"dependency": …}, and {"definitions": …}, a number that changes when what is stored of views, policies, functions and
-- privileges does.
-- Every step is set-based: hash joins and aggregates over pg_catalog, nothing is asked per row of another query except
-- what only a function knows (pg_get_expr, and whether a view can be written). search_path is empty while it runs:
-- format_type and pg_get_expr qualify every name that is not PostgreSQL's own, and nobody can shadow what is called here.
with recursive
namespace as (
    select oid, nspname from pg_catalog.pg_namespace where nspname = any ($1::text[])
),
-- events: which statements the relation takes, as bits of CmdType (4 update, 8 insert, 16 delete).
-- plain_view: a view over a single relation, whose columns are that relation's.
relation as (
    select c.oid, n.nspname, c.relname, c.relkind,
           case when c.relkind in ('r', 'p') then 28
                when c.relkind in ('v', 'f') then pg_relation_is_updatable(c.oid, true)
                else 0 end as events,
           d.description
    from pg_catalog.pg_class c
    join namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_description d
           on d.objoid = c.oid and d.objsubid = 0 and d.classoid = 'pg_catalog.pg_class'::regclass
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
),
-- Views that PostgreSQL itself can update select from exactly one relation, without joins, grouping or DISTINCT. There
-- the target list of the stored rule tells which column of that relation a column is. An entry that is not the only
-- one with its number and name may belong to a subquery, and is left out.
view_column as (
    select v.oid as view, (m.entry)[1]::int2 as attnum,
           min((m.entry)[3]::int8) as source, min((m.entry)[4]::int2) as source_attnum
    from pg_catalog.pg_class v
    join pg_catalog.pg_rewrite r on r.ev_class = v.oid and r.rulename = '_RETURN'
    cross join lateral regexp_matches(r.ev_action::text,
        ':resno (\d+) :resname (\S+) :ressortgroupref \d+ :resorigtbl (\d+) :resorigcol (\d+) :resjunk false', 'g')
        as m (entry)
    join pg_catalog.pg_attribute a
      on a.attrelid = v.oid and a.attnum = (m.entry)[1]::int2 and a.attname = (m.entry)[2]
    where v.relkind = 'v'
      and v.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      and pg_relation_is_updatable(v.oid, false) <> 0
    group by v.oid, (m.entry)[1]
    having count(distinct ((m.entry)[3], (m.entry)[4])) = 1 and min((m.entry)[3]) <> '0'
),
-- Where a column of an exposed relation comes from: itself, and what is behind it if that is such a view.
origin (rel, attnum, source, source_attnum, depth) as (
    select a.attrelid, a.attnum, a.attrelid, a.attnum, 0
    from pg_catalog.pg_attribute a join relation r on r.oid = a.attrelid
    where a.attnum > 0 and not a.attisdropped
    union all
    select o.rel, o.attnum, v.source::oid, v.source_attnum, o.depth + 1
    from origin o join view_column v on v.view = o.source and v.attnum = o.source_attnum
),
-- A type that a domain is made of, through domains over domains.
domain_base (oid, base) as (
    select oid, typbasetype from pg_catalog.pg_type where typtype = 'd'
    union all
    select d.oid, t.typbasetype from domain_base d join pg_catalog.pg_type t on t.oid = d.base where t.typtype = 'd'
),
base_type as (
    select oid, oid as base from pg_catalog.pg_type where typtype <> 'd'
    union all
    select d.oid, d.base from domain_base d join pg_catalog.pg_type t on t.oid = d.base where t.typtype <> 'd'
),
column_source as (
    select a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attgenerated, a.attidentity,
           r.relkind
    from pg_catalog.pg_attribute a join relation r on r.oid = a.attrelid
    where a.attnum > 0 and not a.attisdropped
),
function_source as (
    select p.*, n.nspname
    from pg_catalog.pg_proc p join namespace n on n.oid = p.pronamespace
    where p.prokind = 'f'
      and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
),
function_argument as (
    select f.oid, a.type, a.ordinal,
           coalesce(f.proargnames[a.ordinal], '') as name,
           coalesce(f.proargmodes[a.ordinal], 'i') as mode
    from function_source f
    cross join lateral unnest(coalesce(f.proallargtypes, f.proargtypes::oid[]))
        with ordinality as a (type, ordinal)
),
-- Each type in use once, with its modifier.
type_use as (
    select u.typid, u.typmod, format_type(u.typid, u.typmod) as name
    from (select atttypid, atttypmod from column_source
          union select type, -1 from function_argument
          union select prorettype, -1 from function_source) as u (typid, typmod)
),
enum_label as (
    select enumtypid, json_agg(enumlabel order by enumsortorder) as labels
    from pg_catalog.pg_enum group by enumtypid
),
-- Types with a function that makes json of them: to_json calls it.
json_cast as (
    select castsource from pg_catalog.pg_cast
    where casttarget = 'json'::regtype and castmethod = 'f' and castsource >= 16384
),
type_row as (
    select json_build_object('type', json_build_object(
        'name', u.name,
        'base', format_type(b.base, null),
        'category', t.typcategory,
        'class', case when t.typsubscript = 'array_subscript_handler'::regproc then 'array'
                      when t.typtype = 'c' or t.oid = 'record'::regtype then 'composite'
                      when j.castsource is not null then 'cast'
                      when t.typtype = 'e' then 'enum'
                      when t.typnamespace = 'pg_catalog'::regnamespace then 'builtin'
                      else 'other' end,
        'labels', e.labels)) as entry
    from type_use u
    join base_type b on b.oid = u.typid
    join pg_catalog.pg_type t on t.oid = b.base
    left join enum_label e on e.enumtypid = t.oid
    left join json_cast j on j.castsource = t.oid
),
-- What a view's column is behind the view: never NULL if it is not so there, and with the default that is nearest.
column_behind as (
    select o.rel, o.attnum,
           bool_or(a.attnotnull) as attnotnull,
           max(case when a.attgenerated <> '' then a.attgenerated::text else a.attidentity::text end) as generated,
           (array_agg(pg_get_expr(d.adbin, d.adrelid) order by o.depth)
               filter (where d.adbin is not null and a.attgenerated = ''))[1] as default_expression
    from origin o
    join pg_catalog.pg_attribute a on a.attrelid = o.source and a.attnum = o.source_attnum
    left join pg_catalog.pg_attrdef d on d.adrelid = o.source and d.adnum = o.source_attnum
    where o.depth > 0
    group by o.rel, o.attnum
),
-- [name, number, type, not null, generated or identity, default, writable, comment]
relation_column as (
    select c.attrelid, json_agg(json_build_array(
        c.attname, c.attnum, u.name,
        c.attnotnull or coalesce(b.attnotnull, false),
        coalesce(b.generated, case when c.attgenerated <> '' then c.attgenerated::text else c.attidentity::text end),
        coalesce(pg_get_expr(d.adbin, d.adrelid), b.default_expression),
        case when c.relkind in ('v', 'f') then pg_column_is_updatable(c.attrelid, c.attnum, true)
             else c.relkind in ('r', 'p') end,
        i.description) order by c.attnum) as entries
    from column_source c
    join type_use u on u.typid = c.atttypid and u.typmod = c.atttypmod
    left join pg_catalog.pg_attrdef d on d.adrelid = c.attrelid and d.adnum = c.attnum and c.attgenerated = ''
    left join column_behind b on b.rel = c.attrelid and b.attnum = c.attnum
    left join pg_catalog.pg_description i
           on i.objoid = c.attrelid and i.objsubid = c.attnum and i.classoid = 'pg_catalog.pg_class'::regclass
    group by c.attrelid
),
index_column as (
    select i.indexrelid, i.indrelid, i.indisprimary, i.indnkeyatts, k.attnum, k.ordinal
    from pg_catalog.pg_index i
    cross join lateral unnest(i.indkey::int2[]) with ordinality as k (attnum, ordinal)
    where i.indisunique and i.indisvalid and i.indpred is null and k.ordinal <= i.indnkeyatts
),
-- Unique indexes without a predicate, all of whose columns the relation has: its own, or those behind a plain view.
relation_key as (
    select rel, json_agg(json_build_array(is_primary, attnums) order by is_primary desc, attnums::text) as entries
    from (select o.rel, i.indexrelid, i.indisprimary as is_primary,
                 json_agg(o.attnum order by i.ordinal) as attnums
          from index_column i join origin o on o.source = i.indrelid and o.source_attnum = i.attnum
          group by o.rel, i.indexrelid, i.indisprimary, i.indnkeyatts
          having count(*) = i.indnkeyatts) as whole
    group by rel
),
-- [name, columns, schema, relation, columns]
foreign_key as (
    select conrelid, json_agg(json_build_array(conname, columns, nspname, relname, referenced)
                              order by conname) as entries
    from (select c.oid, c.conrelid, c.conname, n.nspname, f.relname,
                 json_agg(a.attname order by k.ordinal) as columns,
                 json_agg(b.attname order by k.ordinal) as referenced
          from pg_catalog.pg_constraint c
          join relation r on r.oid = c.conrelid
          join pg_catalog.pg_class f on f.oid = c.confrelid
          join pg_catalog.pg_namespace n on n.oid = f.relnamespace
          cross join lateral rows from (unnest(c.conkey), unnest(c.confkey))
              with ordinality as k (attnum, referenced, ordinal)
          join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum
          join pg_catalog.pg_attribute b on b.attrelid = c.confrelid and b.attnum = k.referenced
          where c.contype = 'f'
          group by c.oid, c.conrelid, c.conname, n.nspname, f.relname) as single
    group by conrelid
),
relation_row as (
    select json_build_object('relation', json_build_object(
        'schema', r.nspname, 'name', r.relname, 'kind', r.relkind, 'events', r.events, 'comment', r.description,
        'columns', coalesce(c.entries, '[]'), 'keys', coalesce(k.entries, '[]'), 'foreign_keys', coalesce(f.entries, '[]')))
        as entry
    from relation r
    left join relation_column c on c.attrelid = r.oid
    left join relation_key k on k.rel = r.oid
    left join foreign_key f on f.conrelid = r.oid
),
function_row as (
    select json_build_object('function', json_build_object(
        'schema', f.nspname, 'name', f.proname, 'returns', u.name, 'set', f.proretset, 'volatility', f.provolatile,
        'variadic', f.provariadic <> 0, 'defaults', f.pronargdefaults,
        'arguments', coalesce(a.entries, '[]'), 'comment', d.description)) as entry
    from function_source f
    join type_use u on u.typid = f.prorettype and u.typmod = -1
    left join (select a.oid, json_agg(json_build_array(a.name, t.name, a.mode) order by a.ordinal) as entries
               from function_argument a join type_use t on t.typid = a.type and t.typmod = -1
               group by a.oid) a
           on a.oid = f.oid
    left join pg_catalog.pg_description d
           on d.objoid = f.oid and d.classoid = 'pg_catalog.pg_proc'::regclass
),
-- Everything that has rows, wherever it is: a view in $1 may read what is outside.
content as (
    select c.oid, c.relkind, c.relrowsecurity, n.nspname || '.' || c.relname as name
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relpersistence <> 't'
      and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
),
-- What the rule of a view and the policies for reading a table use, and what the functions and operators there use: as far
-- as PostgreSQL knows, that is those with a body in standard SQL.
used (rel, classid, objid) as (
    select u.rel, d.refclassid, d.refobjid
    from (select r.ev_class, 'pg_catalog.pg_rewrite'::regclass::oid, r.oid
          from pg_catalog.pg_rewrite r join content c on c.oid = r.ev_class
          where c.relkind = 'v' and r.ev_type = '1'
          union all
          select p.polrelid, 'pg_catalog.pg_policy'::regclass::oid, p.oid
          from pg_catalog.pg_policy p join content c on c.oid = p.polrelid
          where c.relrowsecurity and p.polcmd in ('r', '*')) as u (rel, classid, objid)
    join pg_catalog.pg_depend d on d.classid = u.classid and d.objid = u.objid
    union
    select u.rel, d.refclassid, d.refobjid
    from used u join pg_catalog.pg_depend d on d.classid = u.classid and d.objid = u.objid
    where u.classid in ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)
),
read_edge as (
    select u.rel, json_agg(c.name order by c.name collate "C") as names
    from used u join content c on c.oid = u.objid
    where u.classid = 'pg_catalog.pg_class'::regclass and u.objid <> u.rel
    group by u.rel
),
-- Whether a function that may read has a body that only its language knows.
opaque as (
    select distinct u.rel
    from used u
    join pg_catalog.pg_proc p on p.oid = u.objid and u.classid = 'pg_catalog.pg_proc'::regclass
    join pg_catalog.pg_language l on l.oid = p.prolang
    where p.prosqlbody is null and p.provolatile <> 'i' and l.lanname not in ('internal', 'c')
),
parent_edge as (
    select i.inhrelid as rel, json_agg(c.name order by c.name collate "C") as names
    from pg_catalog.pg_inherits i join content c on c.oid = i.inhparent
    group by i.inhrelid
),
-- Tables that a foreign key has follow what happens to the rows that they refer to.
cascade_edge as (
    select f.confrelid as rel, json_agg(c.name order by c.name collate "C") as names
    from (select distinct confrelid, conrelid
          from pg_catalog.pg_constraint
          where contype = 'f' and conparentid = 0
            and (confdeltype in ('c', 'n', 'd') or confupdtype in ('c', 'n', 'd'))) as f
    join content c on c.oid = f.conrelid
    group by f.confrelid
),
-- Where a write does something else than what the statement says.
diverted as (
    select ev_class as rel from pg_catalog.pg_rewrite where ev_type <> '1' and ev_enabled <> 'D'
    union
    select tgrelid from pg_catalog.pg_trigger where tgtype & 64 <> 0 and tgenabled <> 'D'
),
-- A relation that nothing is said of depends on nothing but itself.
dependency_row as (
    select json_build_object('dependency', json_build_object(
        'relation', c.name, 'view', c.relkind = 'v', 'opaque', o.rel is not null, 'diverted', d.rel is not null,
        'reads', coalesce(r.names, '[]'), 'parents', coalesce(p.names, '[]'), 'cascades', coalesce(f.names, '[]')))
        as entry
    from content c
    left join read_edge r on r.rel = c.oid
    left join parent_edge p on p.rel = c.oid
    left join cascade_edge f on f.rel = c.oid
    left join opaque o on o.rel = c.oid
    left join diverted d on d.rel = c.oid
    where c.relkind = 'v' or r.rel is not null or p.rel is not null or f.rel is not null or o.rel is not null
       or d.rel is not null
),
definition (hash) as (
    select hashtextextended(r.ev_action::text, r.ev_class::int8)
    from pg_catalog.pg_rewrite r join content c on c.oid = r.ev_class
    union all
    select hashtextextended(concat_ws(' ', p.polcmd, p.polpermissive, p.polroles, p.polqual, p.polwithcheck),
                            p.polrelid::int8)
    from pg_catalog.pg_policy p
    union all
    select hashtextextended(concat_ws(' ', p.prosrc, p.prosqlbody, p.prosecdef, p.proconfig, p.proacl, p.proowner),
                            p.oid::int8)
    from pg_catalog.pg_proc p where p.oid >= 16384
    union all
    select hashtextextended(concat_ws(' ', c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.relowner, c.reloptions),
                            c.oid::int8)
    from pg_catalog.pg_class c join content using (oid)
)
select entry::text from type_row
union all
select entry::text from relation_row
union all
select entry::text from function_row
union all
select entry::text from dependency_row
union all
select json_build_object('definitions', coalesce(sum(hash), 0)::text)::text from definition
