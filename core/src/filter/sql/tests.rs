use super::super::class::Class;
use super::super::place::Place;
use super::super::test_hits::hits_in;
use super::*;

fn hits(text: &str) -> Hits {
    let detect = |text: &Text<'_>, hits: &mut Hits| detect(text, &mut Vec::new(), hits);
    hits_in(&text.to_ascii_lowercase(), Place::Argument, detect)
}

fn score(text: &str) -> u16 {
    hits(text).score(Class::Sqli)
}

fn assert_found(texts: &[&str]) {
    for text in texts {
        assert!(score(text) >= 5, "{text} counts {}", score(text));
    }
}

fn assert_clean(texts: &[&str]) {
    for text in texts {
        assert!(score(text) < 5, "{text}: {:?}", hits(text).strongest(Class::Sqli));
    }
}

#[test]
fn conditions_are_found_in_every_context() {
    assert_found(&[
        "' or 1=1",
        "x' or 'x'='x",
        "\" or \"a\"=\"a",
        "`) or (1)=(1",
        "7 or 7=7",
        "7 and 7=8",
        "7) or (7=7",
        "-7' and length(name)>3 and 'a'='a",
        "name' or true--",
        "7 or true",
        "' or ''='",
        "'or 4>3#",
        "x' and owner like '%",
        "' or not 1=2",
        "7 or sleep(4)",
        "7 and (select 1)=1",
        "' || '1'='1",
        "' xor 3=3 -- ",
        "' or 5 between 1 and 9",
        "' or 3 in (1,2,3)",
        "' or exists(select 1)--",
        "or price=price",
        "' && 1=1 -- -",
        "' and owner is not null or owner='",
    ]);
}

#[test]
fn quotes_that_look_like_those_of_texts_are_found() {
    assert_found(&[
        "l'or 1=1",
        "l'or email like '%",
        "d'or true-- ",
        "l'order by 3-- -",
        "dell'union select email from users#",
        "l'union select email x from users",
        "l'union select version()",
        "l'or sleep(4)#",
        "x 'or' 1",
        "x 'or' -1",
        "x 'or' 1st",
        "x 'or' yes",
        "x 'or' true",
        "x 'or'7'='7",
        "x 'and' 'or'7'='7",
        "john doe '--",
        "john doe '--'",
        "root'--order'",
        "7 or (select email)",
        "7 or (select email limit 1)='a'",
        "7 or (select email, name)=(1,2)",
        "' or (exists(select 1))#",
        "' or case name when 'a' then 1 else 0 end='1",
        "' limit '1",
        "' limit 1 offset '2",
        "7 union select current_date",
        "7 union select email x from users",
        "' union select email",
    ]);
}

#[test]
fn queries_that_are_joined_are_found() {
    assert_found(&[
        "7 union select name, email from users",
        "' UNION ALL SELECT null,null,null -- ",
        "7/**/union/**/distinct/**/select/**/1",
        "-7 /*!50000union*/ /*!50000select*/ 1",
        "7) union (select 1,2)",
        "' intersect select 1 --",
        "-1 union",
        "7 union select @@version",
    ]);
}

#[test]
fn strings_that_are_cut_or_continued_are_found() {
    assert_found(&[
        "root'--",
        "root' #",
        "root'/*",
        "root')) --",
        "root';--",
        "'-'",
        "'='",
        "'||'",
        "' * '",
        "x'||lower('Y')||'",
        "'+(select 1)+'",
        "', null, now())--",
        "7)--",
        "(7 or 'a') --",
    ]);
}

#[test]
fn statements_and_clauses_are_found() {
    assert_found(&[
        "7; drop table orders",
        "'; delete from orders where 1=1; --",
        "7; waitfor delay '0:0:3'",
        "'; exec xp_cmdshell 'dir'",
        "7; declare @x varchar(9)",
        "select name, email from users where id = 1",
        "insert into users (name) values ('x')",
        "update users set admin = 1 where id = 7",
        "7 order by 9--",
        "' order by 3 #",
        "7 having 1=1",
        "7 procedure analyse()",
        "' into outfile '/tmp/x",
        "case when (1=1) then 1 else 2 end",
        "extractvalue(1, concat(1, version()))",
        "7-pg_sleep(3)",
        "(select count(*) from users)",
        "if(1=1, sleep(3), 0)",
        "7; shutdown --",
    ]);
}

#[test]
fn words_of_sql_make_no_statement() {
    assert_clean(&[
        "union select committee",
        "union select new members from London",
        "The Student Union selected a new president from the list.",
        "select the best option from the menu and order by noon",
        "drop me a line or call me, and insert the coin into the slot",
        "order by phone",
        "group by age",
        "having fun and not sleeping",
        "rock and roll",
        "2 or 3",
        "7 and a half",
        "create table tennis team",
        "update set list",
        "delete from my phone",
        "where 1 is a number and 2 is another one",
        "Please update the table and set the date to Monday where possible.",
        "sleep (8 hours), then work",
        "exec order 66",
        "if you like it, then buy it",
        "true or false",
        "case when closed",
    ]);
}

#[test]
fn quotes_in_texts_end_nothing() {
    assert_clean(&[
        "O'Brien",
        "it's O'Neil's and D'Angelo's",
        "rock 'n' roll and 'blues'",
        "the 'select' or 'update' button",
        "say \"yes\" or \"no\"",
        "5' 11\" and 6' 2\"",
        "16\" or 18\"",
        "1/2\" - 3/4\"",
        "the boys' #1 choice",
        "'twas the night",
        "`code` and `more --flags` in markdown",
        "don't -- and I mean it -- do that",
        "x -- y",
        "C# and F#",
        "a--b",
        "l'été ou l'hiver",
        "\"like\" and \"is\"",
        "it's 5 o'clock and 10 is late",
    ]);
}

#[test]
fn names_with_apostrophes_and_words_of_sql_are_clean() {
    assert_clean(&[
        "O'Neill and select committees",
        "Murphy's or select's",
        "Farmers' Union and select members",
        "D'Amico and not exists",
        "Kelly's and case studies",
        "the nurses' limit 100",
        "shouldn't select 50",
        "don't select 2 items",
        "Ocean's 8 union select committee",
        "it's done; select from the rest",
        "We are glad that it's done; then select names from lists",
        "l'or et l'argent",
        "L'Or Noir = 10%",
        "d'Or 2023 and 2024",
        "l'union select",
        "l'union select club",
        "all'ordine or altro",
        "d'or (dell'unione)",
    ]);
}

#[test]
fn quoted_words_and_signs_are_clean() {
    assert_clean(&[
        "\"and\"",
        "['or', 'and']",
        "x = 'select'",
        "what does \"select\" do",
        "`order` or `group by`",
        "'group by' or \"order by\"",
        "title: 'order by it'",
        "the 'or' operator",
        "f('or', 'and')",
        "<b class='like'>",
        "what is '*'",
        "name = \"*\"",
        "[\"#\", \"--\"]",
        "{'sign': '-'}",
        "use '--all' or '--select'",
        "\"All is well\" #quote",
        "'All is well' -- Nobody",
    ]);
}

#[test]
fn arguments_of_postgrest_are_clean() {
    assert_clean(&[
        "gt.10",
        "created_at.desc.nullslast,id.asc",
        "id,name,owner(id,name),tags->>0",
        "(a.eq.1,b.like.*x*)",
        "ilike.*o'brien*",
        "in.(1,2,3)",
        "in.(\"O'Brien\",\"a,b\")",
        "not.is.null",
        "is.true",
        "(and(price.gte.10,price.lte.20),price.is.null)",
        "fts(english).cats & dogs",
        "ov.[2020-01-01,2020-12-31)",
        "count()",
        "created_at::date,sum:price.sum()",
    ]);
}

#[test]
fn any_number_of_tokens_is_read_in_linear_time() {
    for unit in [
        "(",
        "'",
        "or ",
        "select ",
        "union ",
        "1,",
        "((1)=",
        "/*",
        "case when ",
        ";",
        "' or ",
        "a 'or' ",
        "l'or select ",
    ] {
        let text = unit.repeat(4096);
        let _ = score(&text);
    }
}
