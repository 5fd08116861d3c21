-- The tables of a Node app as pg_dump shows them: more than the two that we work on, and some refer to them.
CREATE TYPE public."enum_CommunityForums_rejection_status" AS ENUM (
    'pending',
    'approved',
    'denied'
);
CREATE TYPE public."enum_CommunityForums_status" AS ENUM (
    'pending',
    'approved',
    'rejected'
);
CREATE TYPE public."enum_SpeciesDictionary_breeding_difficulty" AS ENUM (
    'very_easy',
    'easy',
    'moderate',
    'difficult',
    'very_difficult'
);
CREATE TYPE public."enum_SpeciesDictionary_care_level" AS ENUM (
    'very_easy',
    'easy',
    'moderate',
    'difficult',
    'expert'
);
CREATE TYPE public."enum_SpeciesDictionary_diet_type" AS ENUM (
    'herbivore',
    'carnivore',
    'omnivore'
);
CREATE TYPE public."enum_SpeciesDictionary_status" AS ENUM (
    'draft',
    'published',
    'archived'
);
CREATE TYPE public."enum_SpeciesDictionary_temperament" AS ENUM (
    'peaceful',
    'semi_aggressive',
    'aggressive',
    'territorial'
);
CREATE TYPE public."enum_SpeciesDictionary_water_type" AS ENUM (
    'freshwater',
    'brackish',
    'marine'
);
CREATE TYPE public."enum_Users_gender" AS ENUM (
    'male',
    'female',
    'rather_not_say'
);
CREATE TYPE public."enum_Users_role" AS ENUM (
    'user',
    'admin',
    'support'
);
CREATE TYPE public."enum_Users_status" AS ENUM (
    'active',
    'inactive',
    'locked'
);
CREATE TYPE public."enum_VideoGuides_status" AS ENUM (
    'approved',
    'pending',
    'rejected'
);
CREATE TYPE public.enum_textguides_rejection_status AS ENUM (
    'pending',
    'approved',
    'denied'
);
CREATE TYPE public.enum_textguides_status AS ENUM (
    'pending',
    'approved',
    'rejected'
);
CREATE TABLE public."Comments" (
    id uuid NOT NULL,
    content character varying(255) NOT NULL,
    user_id uuid NOT NULL,
    forum_id uuid NOT NULL,
    "createdAt" timestamp with time zone NOT NULL,
    "updatedAt" timestamp with time zone NOT NULL,
    "UserId" uuid
);
CREATE TABLE public."CommunityChats" (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    room_id uuid NOT NULL,
    message text NOT NULL,
    edited_at timestamp with time zone,
    is_deleted boolean DEFAULT false,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public."CommunityForums" (
    id uuid NOT NULL,
    title character varying(255) NOT NULL,
    content text NOT NULL,
    creator_id uuid NOT NULL,
    likes character varying(255)[] DEFAULT (ARRAY[]::character varying[])::character varying(255)[],
    dislike character varying(255)[] DEFAULT (ARRAY[]::character varying[])::character varying(255)[],
    is_private boolean DEFAULT false NOT NULL,
    status public."enum_CommunityForums_status" DEFAULT 'pending'::public."enum_CommunityForums_status" NOT NULL,
    rejection_justification text,
    rejection_requested_by uuid,
    rejection_status public."enum_CommunityForums_rejection_status" DEFAULT 'pending'::public."enum_CommunityForums_rejection_status",
    image_url character varying(255),
    "createdAt" timestamp with time zone NOT NULL,
    "updatedAt" timestamp with time zone NOT NULL
);
CREATE TABLE public."SpeciesDictionary" (
    fish_id uuid NOT NULL,
    common_name character varying(255) NOT NULL,
    scientific_name character varying(255) NOT NULL,
    family character varying(100),
    origin character varying(255),
    description text NOT NULL,
    min_temp numeric(4,1),
    max_temp numeric(4,1),
    min_ph numeric(3,1),
    max_ph numeric(3,1),
    min_hardness integer,
    max_hardness integer,
    water_type public."enum_SpeciesDictionary_water_type" NOT NULL,
    diet_type public."enum_SpeciesDictionary_diet_type",
    diet_info text,
    max_size_cm numeric(5,2),
    min_tank_size_liters integer,
    care_level public."enum_SpeciesDictionary_care_level" DEFAULT 'moderate'::public."enum_SpeciesDictionary_care_level",
    temperament public."enum_SpeciesDictionary_temperament" DEFAULT 'peaceful'::public."enum_SpeciesDictionary_temperament",
    compatibility_notes text,
    primary_image character varying(500),
    gallery_images json,
    breeding_difficulty public."enum_SpeciesDictionary_breeding_difficulty",
    breeding_notes text,
    views_count integer DEFAULT 0,
    created_by uuid,
    status public."enum_SpeciesDictionary_status" DEFAULT 'published'::public."enum_SpeciesDictionary_status",
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public."Users" (
    id uuid NOT NULL,
    userid character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    dob date NOT NULL,
    gender public."enum_Users_gender" NOT NULL,
    email character varying(255) NOT NULL,
    password character varying(255) NOT NULL,
    role public."enum_Users_role" DEFAULT 'user'::public."enum_Users_role",
    status public."enum_Users_status" DEFAULT 'active'::public."enum_Users_status" NOT NULL,
    failed_login_attempts integer DEFAULT 0 NOT NULL,
    last_seen timestamp with time zone,
    community_rating integer DEFAULT 0 NOT NULL,
    "createdAt" timestamp with time zone NOT NULL,
    "updatedAt" timestamp with time zone NOT NULL
);
CREATE TABLE public."VideoGuides" (
    id uuid NOT NULL,
    title character varying(255) NOT NULL,
    "youtubeLink" character varying(255) NOT NULL,
    "channelAvatarUrl" character varying(255),
    description text,
    "videoId" character varying(255) NOT NULL,
    duration character varying(255),
    "viewCount" integer DEFAULT 0,
    category character varying(255),
    "isActive" boolean DEFAULT true,
    status public."enum_VideoGuides_status" DEFAULT 'approved'::public."enum_VideoGuides_status",
    "submittedBy" uuid,
    "createdAt" timestamp with time zone NOT NULL,
    "updatedAt" timestamp with time zone NOT NULL
);
CREATE TABLE public.text_authors (
    "createdAt" timestamp with time zone NOT NULL,
    "updatedAt" timestamp with time zone NOT NULL,
    user_id uuid NOT NULL,
    text_id uuid NOT NULL
);
CREATE TABLE public.textguides (
    id uuid NOT NULL,
    title character varying(50) NOT NULL,
    content character varying(255) NOT NULL,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    status public.enum_textguides_status DEFAULT 'pending'::public.enum_textguides_status NOT NULL,
    author uuid NOT NULL,
    rejection_justification text,
    rejection_requested_by uuid,
    rejection_status public.enum_textguides_rejection_status DEFAULT 'pending'::public.enum_textguides_rejection_status,
    "createdAt" timestamp with time zone NOT NULL,
    "updatedAt" timestamp with time zone NOT NULL
);
ALTER TABLE ONLY public."Comments"
    ADD CONSTRAINT "Comments_pkey" PRIMARY KEY (id);
ALTER TABLE ONLY public."CommunityChats"
    ADD CONSTRAINT "CommunityChats_pkey" PRIMARY KEY (id);
ALTER TABLE ONLY public."CommunityForums"
    ADD CONSTRAINT "CommunityForums_pkey" PRIMARY KEY (id);
ALTER TABLE ONLY public."SpeciesDictionary"
    ADD CONSTRAINT "SpeciesDictionary_pkey" PRIMARY KEY (fish_id);
ALTER TABLE ONLY public."Users"
    ADD CONSTRAINT "Users_email_key" UNIQUE (email);
ALTER TABLE ONLY public."Users"
    ADD CONSTRAINT "Users_pkey" PRIMARY KEY (id);
ALTER TABLE ONLY public."Users"
    ADD CONSTRAINT "Users_userid_key" UNIQUE (userid);
ALTER TABLE ONLY public."VideoGuides"
    ADD CONSTRAINT "VideoGuides_pkey" PRIMARY KEY (id);
ALTER TABLE ONLY public.text_authors
    ADD CONSTRAINT text_authors_pkey PRIMARY KEY (user_id, text_id);
ALTER TABLE ONLY public.textguides
    ADD CONSTRAINT textguides_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX species_dictionary_common_name_scientific_name ON public."SpeciesDictionary" USING btree (common_name, scientific_name);
ALTER TABLE ONLY public."Comments"
    ADD CONSTRAINT "Comments_UserId_fkey" FOREIGN KEY ("UserId") REFERENCES public."Users"(id) ON UPDATE CASCADE ON DELETE SET NULL;
ALTER TABLE ONLY public."Comments"
    ADD CONSTRAINT "Comments_forum_id_fkey" FOREIGN KEY (forum_id) REFERENCES public."CommunityForums"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public."Comments"
    ADD CONSTRAINT "Comments_user_id_fkey" FOREIGN KEY (user_id) REFERENCES public."Users"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public."CommunityChats"
    ADD CONSTRAINT "CommunityChats_user_id_fkey" FOREIGN KEY (user_id) REFERENCES public."Users"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public."CommunityForums"
    ADD CONSTRAINT "CommunityForums_creator_id_fkey" FOREIGN KEY (creator_id) REFERENCES public."Users"(id);
ALTER TABLE ONLY public."CommunityForums"
    ADD CONSTRAINT "CommunityForums_rejection_requested_by_fkey" FOREIGN KEY (rejection_requested_by) REFERENCES public."Users"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public."SpeciesDictionary"
    ADD CONSTRAINT "SpeciesDictionary_created_by_fkey" FOREIGN KEY (created_by) REFERENCES public."Users"(id) ON UPDATE CASCADE;
ALTER TABLE ONLY public."VideoGuides"
    ADD CONSTRAINT "VideoGuides_submittedBy_fkey" FOREIGN KEY ("submittedBy") REFERENCES public."Users"(id);
ALTER TABLE ONLY public.text_authors
    ADD CONSTRAINT text_authors_text_id_fkey FOREIGN KEY (text_id) REFERENCES public.textguides(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.text_authors
    ADD CONSTRAINT text_authors_user_id_fkey FOREIGN KEY (user_id) REFERENCES public."Users"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.textguides
    ADD CONSTRAINT textguides_author_fkey FOREIGN KEY (author) REFERENCES public."Users"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.textguides
    ADD CONSTRAINT textguides_rejection_requested_by_fkey FOREIGN KEY (rejection_requested_by) REFERENCES public."Users"(id) ON UPDATE CASCADE ON DELETE CASCADE;
